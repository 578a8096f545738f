// Writes random, seeded Fastify applications that start and answer.
//
//   node generate.js SEED COUNT OUTDIR
//
// Nothing is marked: whether a route is guarded is found out by running the application. The generator only sees to
// it that the ways of wiring (plugins that are encapsulated or not, hooks before and after routes, decorators) meet.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { Random } = require('../lib/random');
const { WORDS } = require('../lib/words');
const { hooks } = require('./lib/making/hooks');
const { route, hookExpression, plainHook, EVENTS } = require('./lib/making/routes');

/** A file that is being written: what it needs is collected while its body is rendered. */
class File {
  constructor(name) {
    Object.assign(this, { name, hooks: new Set(), modules: new Map(), before: [], body: [], after: [] });
  }
  need(module, name) {
    this.modules.set(name, module);
    return name;
  }
  text() {
    const lines = [...this.modules].map(([name, module]) => `const ${name} = require('${module}');`);
    if (this.hooks.size > 0) lines.push(`const { ${[...this.hooks].sort().join(', ')} } = require('./hooks');`);
    return [...lines, '', ...this.before, ...this.body, ...this.after, ''].join('\n');
  }
}

/** Makes the files of one application. */
function application(random) {
  const state = begin(random);
  const made = hooks(random, state.signed);
  state.hooks = made.hooks;
  const file = new File('app.js');
  state.files.push(file);
  file.need('fastify', 'fastify');
  const app = random.pick(['app', 'server', 'fastifyApp']);
  const settings = random.pick(['', '', '{ logger: true }', '{ exposeHeadRoutes: false }', '{ routerOptions: { ignoreTrailingSlash: true } }']);
  const body = [`const ${app} = fastify(${settings});`];
  setUp(state, file, app, body);
  items(state, file, app, 0, body, '', false);
  file.body.push(...body, `${app}.listen({ port: 3000 });`);
  const texts = new Map(state.files.map((one) => [one.name, one.text()]));
  texts.set('hooks.js', made.text);
  texts.set('oracle.json', `${JSON.stringify({ fastify: 5, ...(state.signed ? { jwt: { secret: 'a secret of nobody', payload: { sub: '7' } } } : {}) })}\n`);
  return texts;
}

function begin(random) {
  const words = random.shuffled(WORDS);
  let counter = 0;
  let number = 0;
  return {
    random,
    signed: random.chance(0.2),
    hasAuth: false,
    decorated: [],
    files: [],
    handled: new Set(),
    word: () => (counter++ < words.length ? words[counter - 1] : `${words[counter % words.length]}${counter}`),
    next: () => ++number,
    limit: random.between(4, 14),
    routes: 0,
  };
}

/** Plugins of others and decorators that everything behind them can use. */
function setUp(state, file, app, body) {
  const { random } = state;
  if (state.signed) body.push(`${app}.register(${file.need('@fastify/jwt', 'jwt')}, { secret: 'a secret of nobody' });`);
  const decorates = random.chance(0.4);
  if (decorates) {
    const name = random.pick(['authenticate', 'ensure', 'admit', 'visit']);
    const decorate = (target) => `${target}.decorate('${name}', ${plainHook(state, file)});`;
    if (random.chance(0.5)) body.push(decorate(app));
    else body.push(`${app}.register(${file.need('fastify-plugin', 'fp')}(async (instance) => {`, `  ${decorate('instance')}`, '}));');
    state.decoratedLater = name;
  }
  if (!state.signed && random.chance(0.2)) {
    body.push(`${app}.register(${file.need('@fastify/auth', 'auth')});`);
    state.authLater = true;
  }
}

/** What is registered on one instance, in order. */
function items(state, file, target, depth, out, indent, isAsync) {
  const { random } = state;
  const count = random.between(2, depth === 0 ? 6 : 4);
  let hasRoute = false;
  for (let index = 0; index < count && state.routes < state.limit; index++) {
    const roll = random.next();
    if (roll < 0.25) hook(state, file, target, out, indent);
    else if (roll < 0.28) errorHandler(state, target, out, indent);
    else if (roll < 0.32 && depth < 3) onRoute(state, file, target, out, indent);
    else if (roll < 0.6 && depth < 3) plugin(state, file, target, depth, out, indent, isAsync);
    else {
      hasRoute = true;
      state.routes++;
      route(state, file, target, out, indent);
    }
  }
  if (!hasRoute) route(state, file, target, out, indent);
}

function hook(state, file, target, out, indent) {
  const { random } = state;
  const event = random.pick(EVENTS);
  if (random.chance(0.2) && !state.signed) {
    out.push(`${indent}${target}.addHook('${event}', async (request, reply) => {`);
    out.push(`${indent}  if (${random.pick(["request.headers.authorization !== 'Bearer good'", "request.headers['x-api-key'] !== 'good'"])}) return reply.code(401).send({ error: 'no' });`, `${indent}});`);
    return;
  }
  out.push(`${indent}${target}.addHook('${event}', ${hookExpression(state, file, target)});`);
}

const HANDLERS = [
  "(error, request, reply) => { reply.code(error.statusCode || 500).send({ error: error.message }); }",
  "async (error, request, reply) => { reply.code(401); return { error: 'no' }; }",
  'async (error) => { throw error; }',
];

/** What answers where something fails; an instance has one of its own. */
function errorHandler(state, target, out, indent) {
  if (state.handled.has(target)) return;
  state.handled.add(target);
  out.push(`${indent}${target}.setErrorHandler(${state.random.pick(HANDLERS)});`);
}

/** A hook of registration that gives routes more hooks. */
function onRoute(state, file, target, out, indent) {
  const { random } = state;
  const event = random.pick(EVENTS);
  const added = plainHook(state, file);
  const test = random.pick(['', '', 'if (options.config && options.config.open) return;', "if (options.method === 'GET') return;", "if (!options.url.includes(':')) return;"]);
  const list = random.pick([`[].concat(options.${event} || [], ${added})`, `[${added}].concat(options.${event} || [])`]);
  out.push(`${indent}${target}.addHook('onRoute', (options) => {`, ...(test ? [`${indent}  ${test}`] : []), `${indent}  options.${event} = ${list};`, `${indent}});`);
}

const STYLES = ['inline', 'inline', 'inlineDone', 'function', 'module', 'module', 'broken', 'brokenModule'];

/** Renders a plugin in one of the ways in which people write them, and its registration. */
function plugin(state, file, target, depth, out, indent, isAsync) {
  const { random } = state;
  const style = random.pick(STYLES);
  const isBroken = style.startsWith('broken');
  const prefix = random.chance(isBroken ? 0.3 : 0.7) ? `, { prefix: '/${state.word()}${random.chance(0.12) ? '/:areaId' : ''}' }` : '';
  const waits = isAsync && random.chance(0.3) ? 'await ' : '';
  const inner = random.pick(['instance', 'scope', 'api']) + state.next();
  const saved = { decorated: state.decorated, hasAuth: state.hasAuth };
  if (state.decoratedLater) state.decorated = [state.decoratedLater];
  state.hasAuth = Boolean(state.authLater);
  RENDER[style]({ state, file, target, depth, out, indent, inner, prefix, waits, number: state.next() });
  Object.assign(state, saved);
}

const RENDER = {
  inline({ state, file, target, depth, out, indent, inner, prefix, waits }) {
    out.push(`${indent}${waits}${target}.register(async (${inner}) => {`);
    items(state, file, inner, depth + 1, out, `${indent}  `, true);
    out.push(`${indent}}${prefix});`);
  },
  inlineDone({ state, file, target, depth, out, indent, inner, prefix, waits }) {
    out.push(`${indent}${waits}${target}.register(function (${inner}, options, done) {`);
    items(state, file, inner, depth + 1, out, `${indent}  `, false);
    out.push(`${indent}  done();`, `${indent}}${prefix});`);
  },
  function({ state, file, target, depth, out, indent, inner, prefix, waits, number }) {
    const lines = [`async function plugin${number}(${inner}, options) {`];
    items(state, file, inner, depth + 1, lines, '  ', true);
    file.before.push(...lines, '}', '');
    out.push(`${indent}${waits}${target}.register(plugin${number}${prefix});`);
  },
  module({ state, file, target, depth, out, indent, inner, prefix, waits, number }) {
    const other = new File(`area${number}.js`);
    state.files.push(other);
    const lines = [];
    items(state, other, inner, depth + 1, lines, '  ', true);
    other.body.push(`module.exports = async function (${inner}) {`, ...lines, '};');
    if (state.random.chance(0.4)) out.push(`${indent}${waits}${target}.register(require('./area${number}')${prefix});`);
    else out.push(`${indent}${waits}${target}.register(${file.need(`./area${number}`, `area${number}`)}${prefix});`);
  },
  broken({ state, file, target, depth, out, indent, inner, prefix, waits }) {
    out.push(`${indent}${waits}${target}.register(${file.need('fastify-plugin', 'fp')}(async (${inner}) => {`);
    items(state, file, inner, depth + 1, out, `${indent}  `, true);
    out.push(`${indent}})${prefix});`);
  },
  brokenModule({ state, file, target, depth, out, indent, inner, prefix, waits, number }) {
    const other = new File(`shared${number}.js`);
    state.files.push(other);
    const lines = [];
    const isSymbol = state.random.chance(0.3);
    items(state, other, inner, depth + 1, lines, '  ', true);
    other.body.push(`async function shared${number}(${inner}) {`, ...lines, '}');
    if (isSymbol) other.after.push(`shared${number}[Symbol.for('skip-override')] = true;`, `module.exports = shared${number};`);
    else other.after.push(`module.exports = ${other.need('fastify-plugin', 'fp')}(shared${number});`);
    out.push(`${indent}${waits}${target}.register(${file.need(`./shared${number}`, `shared${number}`)}${prefix});`);
  },
};

function run([seed, count, folder]) {
  if (!folder) {
    process.stderr.write('usage: generate.js SEED COUNT OUTDIR\n');
    process.exit(2);
  }
  for (let index = 0; index < Number(count); index++) {
    const random = new Random(Number(seed) * 1_000_003 + index);
    const dir = path.join(folder, `fastify-${seed}-${String(index).padStart(5, '0')}`);
    fs.mkdirSync(dir, { recursive: true });
    for (const [name, text] of application(random)) fs.writeFileSync(path.join(dir, name), text);
  }
}

run(process.argv.slice(2));
