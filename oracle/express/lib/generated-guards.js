// The file of guards of a generated application: some refuse, some only look, some let through on failure.
//
// Names are drawn at random from one list, so that no name says what its function does.
'use strict';

const NAMES = [
  'requireUser', 'requireAuth', 'authenticate', 'isLoggedIn', 'checkToken', 'protect', 'verifyAccess', 'mw7', 'gate', 'before', 'loadContext',
  'ensureSession', 'sentry', 'withIdentity', 'stepOne', 'onlyMembers', 'inspect', 'attach', 'policy', 'touch',
];

const REFUSALS = [
  "return res.status(401).json({ error: 'sign in' });",
  'return res.sendStatus(403);',
  "return res.redirect('/login');",
  "return next(Object.assign(new Error('unauthorized'), { status: 401 }));",
  "throw Object.assign(new Error('unauthorized'), { status: 401 });",
  "return void res.status(401).send('no');",
];

/** Ways to know the caller: an expression over `req` that is the user or null. */
const KNOWN = [
  "req.headers.authorization === 'Bearer good' ? { id: 7 } : null",
  "req.get('authorization') === 'Bearer good' ? { id: 7 } : null",
  "users.get((req.headers.authorization || '').replace('Bearer ', '')) ?? null",
  "req.headers['x-api-key'] === 'good' ? { id: 7 } : null",
  "lookup(req.headers['authorization'])",
];

/** Each gives the body of a function `(req, res, next)`. */
const SHAPES = [
  { weight: 5, make: (r) => [`const user = ${r.pick(KNOWN)};`, `if (!user) { ${r.pick(REFUSALS)} }`, 'req.user = user;', 'next();'] },
  { weight: 2, make: (r) => [`if (${r.pick(KNOWN)}) return next();`, r.pick(REFUSALS)] },
  { weight: 2, make: () => ['try {', '  req.user = verify(req.headers.authorization);', '} catch (error) {', "  return res.status(401).json({ error: error.message });", '}', 'next();'] },
  { weight: 1, async: true, make: (r) => [`const user = await Promise.resolve(${r.pick(KNOWN)});`, "if (!user) return res.status(401).json({ error: 'sign in' });", 'next();'] },
  { weight: 1, make: (r) => ["if (process.env.NODE_ENV === 'test') return next();", `if (!(${r.pick(KNOWN)})) return res.sendStatus(401);`, 'next();'] },
  { weight: 1, make: (r) => ["if (req.method === 'GET') return next();", `if (!(${r.pick(KNOWN)})) return res.sendStatus(401);`, 'next();'] },
  { weight: 2, make: () => ['try {', '  req.user = verify(req.headers.authorization);', '} catch {', '  req.user = null;', '}', 'next();'] },
  { weight: 2, make: (r) => [`req.user = ${r.pick(KNOWN)};`, 'next();'] },
  { weight: 1, make: (r) => [`if (!(${r.pick(KNOWN)})) req.anonymous = true;`, 'next();'] },
  { weight: 3, make: () => ['req.started = 1;', 'next();'] },
  { weight: 1, make: () => ["res.set('x-frame-options', 'DENY');", 'next();'] },
];

/** Makes the text of `guards.js` and says how its guards are written at their uses. */
function guardFile(random, esm) {
  const names = random.shuffled(NAMES).slice(0, random.between(3, 7));
  const guards = [];
  const lines = [...HELPERS];
  for (const name of names) {
    const shape = weighted(random);
    const style = random.next();
    if (style < 0.5) lines.push(...declared(name, shape, random));
    else if (style < 0.75) lines.push(...arrow(name, shape, random));
    else {
      lines.push(...factory(name, shape, random));
      guards.push({ name, call: random.pick(["'admin'", '{ strict: true }', '']) || ' ' });
      continue;
    }
    guards.push({ name });
  }
  const all = [...names, 'asyncHandler', 'withUser'];
  lines.push(esm ? `export { ${all.join(', ')} };` : `module.exports = { ${all.join(', ')} };`);
  return { file: `${lines.join('\n')}\n`, guards };
}

const HELPERS = [
  "const users = new Map([['good', { id: 7 }]]);",
  '',
  'function verify(header) {',
  "  if (header !== 'Bearer good') throw new Error('bad token');",
  '  return { id: 7 };',
  '}',
  '',
  'function lookup(header) {',
  "  if (!header || !header.startsWith('Bearer ')) return null;",
  '  return users.get(header.slice(7)) ?? null;',
  '}',
  '',
  'const asyncHandler = (fn) => (req, res, next) => Promise.resolve(fn(req, res, next)).catch(next);',
  '',
  'function withUser(fn) {',
  '  return function withUserChecked(req, res, next) {',
  "    if (!lookup(req.headers.authorization)) return res.status(401).json({ error: 'sign in' });",
  '    return fn(req, res, next);',
  '  };',
  '}',
  '',
];

function weighted(random) {
  let roll = random.next() * SHAPES.reduce((sum, shape) => sum + shape.weight, 0);
  return SHAPES.find((shape) => (roll -= shape.weight) < 0) ?? SHAPES[0];
}

function declared(name, shape, random) {
  return [`${shape.async ? 'async ' : ''}function ${name}(req, res, next) {`, ...shape.make(random).map((line) => `  ${line}`), '}', ''];
}

function arrow(name, shape, random) {
  return [`const ${name} = ${shape.async ? 'async ' : ''}(req, res, next) => {`, ...shape.make(random).map((line) => `  ${line}`), '};', ''];
}

function factory(name, shape, random) {
  const inner = random.chance(0.5) ? `function ${name}Layer(req, res, next)` : null;
  const head = inner ? `  return ${shape.async ? 'async ' : ''}${inner} {` : `  return ${shape.async ? 'async ' : ''}(req, res, next) => {`;
  return [`function ${name}(options) {`, head, ...shape.make(random).map((line) => `    ${line}`), '  };', '}', ''];
}

module.exports = { guardFile };
