// The hooks of a generated application: some refuse, some only look, some let through on failure.
'use strict';

const NAMES = ['before', 'stepOne', 'gate', 'attach', 'inspect', 'policy', 'touch', 'sentry', 'loadContext', 'protect', 'checkToken', 'requireUser', 'withIdentity', 'onlyMembers', 'mw7', 'authenticate'];

const KNOWN = [
  "request.headers.authorization === 'Bearer good'",
  "request.headers['x-api-key'] === 'good'",
  "lookup(request.headers.authorization) !== null",
  "people.has((request.headers.authorization || '').replace('Bearer ', ''))",
];

const ERROR = "Object.assign(new Error('unauthorized'), { statusCode: 401 })";

/** Ways to refuse in a hook that is asynchronous. */
const ASYNC_REFUSALS = [
  ["reply.code(401).send({ error: 'sign in' });", 'return reply;'],
  ["return reply.code(403).send({ error: 'sign in' });"],
  ["await reply.code(401).send({ error: 'sign in' });", 'return reply;'],
  [`throw ${ERROR};`],
  ["throw new Error('no');"],
  ["return reply.redirect('/login');"],
  ["reply.status(401).send('no');", 'return;'],
];

/** Ways to refuse in a hook with a callback. */
const CALLBACK_REFUSALS = [
  ["reply.code(401).send({ error: 'sign in' });", 'return;'],
  [`return done(${ERROR});`],
  ["return void reply.status(403).send('no');"],
  ["done(new Error('no'));", 'return;'],
];

/** Bodies; `no` are the lines that refuse, `end` those that go on. */
const SHAPES = [
  { weight: 6, lines: (r, no) => [`if (!(${r.pick(KNOWN)})) {`, ...no.map((line) => `  ${line}`), '}', 'request.user = { id: 7 };'] },
  { weight: 2, lines: (r, no, end) => [`if (${r.pick(KNOWN)}) {`, ...end.map((line) => `  ${line}`), '  return;', '}', ...no], closes: true },
  { weight: 2, lines: (r, no) => ['try {', '  request.user = verify(request.headers.authorization);', '} catch (error) {', ...no.map((line) => `  ${line}`), '}'] },
  { weight: 2, lines: () => ['try {', '  request.user = verify(request.headers.authorization);', '} catch {', '  request.user = null;', '}'] },
  { weight: 1, lines: (r) => [`request.user = ${r.pick(KNOWN)} ? { id: 7 } : null;`] },
  { weight: 1, lines: (r, no) => [`if (request.method !== 'GET' && !(${r.pick(KNOWN)})) {`, ...no.map((line) => `  ${line}`), '}'] },
  { weight: 2, lines: (r, no) => [`if (!request.routeOptions.config.open && !(${r.pick(KNOWN)})) {`, ...no.map((line) => `  ${line}`), '}'] },
  { weight: 1, lines: (r, no, end) => ['if (request.routeOptions.config.open) {', ...end.map((line) => `  ${line}`), '  return;', '}', `if (!(${r.pick(KNOWN)})) {`, ...no.map((line) => `  ${line}`), '}'] },
  { weight: 2, lines: () => ['request.started = 1;'] },
  { weight: 1, lines: () => ["reply.header('x-frame-options', 'DENY');"] },
  { weight: 1, lines: (r, no) => ["const [kind, token] = (request.headers.authorization || '').split(' ');", "if (kind !== 'Bearer' || !people.has(token)) {", ...no.map((line) => `  ${line}`), '}'] },
  { weight: 1, lines: (r, no) => ['const user = lookup(request.headers.authorization);', 'request.user = user;', 'if (user) {', '  request.known = true;', '} else {', ...no.map((line) => `  ${line}`), '}'] },
  { weight: 1, lines: (r, no) => ["if (request.url.startsWith('/health')) {", '  request.quiet = true;', `} else if (!(${r.pick(KNOWN)})) {`, ...no.map((line) => `  ${line}`), '}'] },
  { weight: 1, lines: (r, no) => ["if (!request.headers['x-api-key']) {", ...no.map((line) => `  ${line}`), '}', `if (!(${r.pick(KNOWN)})) {`, ...no.map((line) => `  ${line}`), '}'] },
];

/** With signed tokens, what is known is what they say. */
const SIGNED = [
  { weight: 4, lines: () => ['await request.jwtVerify();'] },
  { weight: 4, lines: (r, no) => ['try {', '  await request.jwtVerify();', '} catch (error) {', ...no.map((line) => `  ${line}`), '}'] },
  { weight: 2, lines: (r) => ['try {', '  await request.jwtVerify();', '} catch {', `  ${r.pick(['request.anonymous = true;', '// Guests are welcome.'])}`, '}'] },
  { weight: 2, lines: () => ['request.started = 1;'] },
  { weight: 1, lines: (r, no) => ['if (request.routeOptions.config.open) return;', 'await request.jwtVerify();'] },
  { weight: 1, lines: (r, no) => ["request.user = request.server.jwt.verify((request.headers.authorization || '').replace('Bearer ', ''));"] },
];

const HELPERS = [
  "const people = new Map([['good', { id: 7 }]]);",
  '',
  'function verify(header) {',
  "  if (header !== 'Bearer good') throw new Error('bad token');",
  '  return { id: 7 };',
  '}',
  '',
  'function lookup(header) {',
  "  if (!header || !header.startsWith('Bearer ')) return null;",
  '  return people.get(header.slice(7)) ?? null;',
  '}',
  '',
];

/** Makes the text of `hooks.js`, and says how its hooks are written at their uses. */
function hooks(random, signed) {
  const names = random.shuffled(NAMES).slice(0, random.between(3, 6));
  const lines = [...HELPERS];
  const made = [];
  for (const name of names) {
    const isAsync = signed || random.chance(0.6);
    const shape = weighted(random, signed ? SIGNED : SHAPES);
    const body = bodyOf(random, shape, isAsync);
    const style = random.next();
    if (style < 0.5) lines.push(...declared(name, isAsync, body));
    else if (style < 0.75) lines.push(...arrow(name, isAsync, body));
    else lines.push(...factory(random, name, isAsync, body));
    made.push({ name, isAsync, expression: style < 0.75 ? name : `${name}(${random.pick(['', "'admin'", '{ strict: true }'])})` });
  }
  lines.push(`module.exports = { ${names.join(', ')}, lookup };`);
  return { text: `${lines.join('\n')}\n`, hooks: made };
}

function weighted(random, shapes) {
  let roll = random.next() * shapes.reduce((sum, shape) => sum + shape.weight, 0);
  return shapes.find((shape) => (roll -= shape.weight) < 0) ?? shapes[0];
}

function bodyOf(random, shape, isAsync) {
  const end = isAsync ? [] : ['done();'];
  const lines = shape.lines(random, random.pick(isAsync ? ASYNC_REFUSALS : CALLBACK_REFUSALS), end);
  return shape.closes ? lines : [...lines, ...end];
}

const head = (isAsync) => (isAsync ? '(request, reply)' : '(request, reply, done)');

function declared(name, isAsync, body) {
  return [`${isAsync ? 'async ' : ''}function ${name}${head(isAsync)} {`, ...body.map((line) => `  ${line}`), '}', ''];
}

function arrow(name, isAsync, body) {
  return [`const ${name} = ${isAsync ? 'async ' : ''}${head(isAsync)} => {`, ...body.map((line) => `  ${line}`), '};', ''];
}

function factory(random, name, isAsync, body) {
  const inner = random.chance(0.5) ? `function ${name}Hook${head(isAsync)} {` : `${head(isAsync)} => {`;
  return [`function ${name}(options) {`, `  return ${isAsync ? 'async ' : ''}${inner}`, ...body.map((line) => `    ${line}`), '  };', '}', ''];
}

module.exports = { hooks };
