// Writes random, seeded Express applications that start and answer.
//
//   node generate.js SEED COUNT OUTDIR
//
// Nothing is marked: whether a route is guarded is found out by running the application. The generator only sees to
// it that the ways of wiring (routers, factories, classes, loops, wrappers, conditions, order) meet each other.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { Random } = require('../lib/random');
const { WORDS } = require('../lib/words');
const { guardFile } = require('./lib/generated-guards');

const METHODS = ['get', 'get', 'get', 'post', 'post', 'put', 'patch', 'delete'];

/** A file that is being written: its imports are collected while its body is rendered. */
class File {
  constructor(name, esm) {
    Object.assign(this, { name, esm, imports: new Map(), whole: new Map(), before: [], body: [], after: [] });
  }
  use(module, name) {
    if (!this.imports.has(module)) this.imports.set(module, new Set());
    this.imports.get(module).add(name);
    return name;
  }
  useWhole(module, name) {
    this.whole.set(module, name);
    return name;
  }
  text() {
    const lines = [];
    for (const [module, name] of this.whole) {
      lines.push(this.esm ? `import ${name} from '${specifier(module, true)}';` : `const ${name} = require('${specifier(module, false)}');`);
    }
    for (const [module, names] of this.imports) {
      const list = `{ ${[...names].sort().join(', ')} }`;
      lines.push(this.esm ? `import ${list} from '${specifier(module, true)}';` : `const ${list} = require('${specifier(module, false)}');`);
    }
    return [...lines, '', ...this.before, ...this.body, ...this.after, ''].join('\n');
  }
  exportDefault(expression) {
    this.after.push(this.esm ? `export default ${expression};` : `module.exports = ${expression};`);
  }
}

function specifier(module, esm) {
  return module.startsWith('./') && esm ? `${module}.js` : module;
}

/** Makes the files of one application. */
function application(random) {
  const state = {
    random,
    esm: random.chance(0.3),
    files: [],
    words: random.shuffled(WORDS),
    counter: 0,
    routes: 0,
    limit: random.between(3, 16),
  };
  const { file, guards } = guardFile(random, state.esm);
  state.guards = guards;
  const server = new File(random.pick(['app.js', 'server.js', 'index.js']), state.esm);
  state.files.push(server);
  const express = server.useWhole('express', 'express');
  const body = [];
  const app = random.pick(['app', 'server', 'api']);
  body.push(`const ${app} = ${express}();`);
  if (random.chance(0.6)) body.push(`${app}.use(${express}.json());`);
  renderItems(state, server, app, tree(state, 0), body, '');
  if (random.chance(0.3)) body.push(`${app}.use(function answerError(error, req, res, next) {`, '  res.status(error.status || 500).json({ error: error.message });', '});');
  server.body.push(...body);
  if (random.chance(0.6)) server.after.push(`${app}.listen(3000);`);
  else server.exportDefault(app);
  const texts = new Map(state.files.map((one) => [one.name, one.text()]));
  texts.set('guards.js', file);
  if (state.esm) texts.set('package.json', '{ "name": "generated", "private": true, "type": "module" }\n');
  return texts;
}

/** Plans what is registered on one router, in order. */
function tree(state, depth) {
  const { random } = state;
  const items = [];
  const count = random.between(2, depth === 0 ? 6 : 4);
  for (let index = 0; index < count && state.routes < state.limit; index++) {
    const roll = random.next();
    if (roll < 0.25) items.push({ kind: 'layer', ...scope(state), layers: layers(state, 1, 2) });
    else if (roll < 0.5 && depth < 4) items.push({ kind: 'router', prefix: prefix(state), layers: layers(state, 0, 1), items: tree(state, depth + 1) });
    else items.push(routeItem(state));
  }
  if (items.every((item) => item.kind === 'layer')) items.push(routeItem(state));
  return items;
}

function scope(state) {
  return { path: state.random.chance(0.25) ? `/${word(state)}` : null };
}

function prefix(state) {
  const roll = state.random.next();
  if (roll < 0.1) return null;
  if (roll < 0.2) return `/${word(state)}/:${word(state).slice(0, -1)}Id`;
  return `/${word(state)}`;
}

function word(state) {
  state.counter++;
  const base = state.words[state.counter % state.words.length];
  return state.counter < state.words.length ? base : `${base}${state.counter}`;
}

function routeItem(state) {
  const { random } = state;
  const base = `/${word(state)}`;
  if (random.chance(0.12)) {
    const rows = Array.from({ length: random.between(2, 3) }, () => ({ method: random.pick(METHODS), path: `/${word(state)}` }));
    state.routes += rows.length;
    return { kind: 'table', rows, layers: layers(state, 0, 1) };
  }
  if (random.chance(0.15)) {
    const methods = random.shuffled(['get', 'post', 'put', 'delete']).slice(0, random.between(2, 3));
    state.routes += methods.length;
    return { kind: 'chain', path: base, all: random.chance(0.3) ? layers(state, 1, 1) : [], methods: methods.map((method) => ({ method, layers: layers(state, 0, 1) })) };
  }
  state.routes++;
  const suffix = random.pick(['', '', '/:id', '/:id', '/:id/items']);
  return { kind: 'route', method: random.chance(0.04) ? 'all' : random.pick(METHODS), path: base + suffix, layers: layers(state, 0, 2) };
}

function layers(state, least, most) {
  const count = state.random.between(least, most);
  return Array.from({ length: count }, () => state.random.pick(state.guards));
}

/** Renders the registrations on the router that `target` names. */
function renderItems(state, file, target, items, out, indent) {
  for (const item of items) {
    if (item.kind === 'layer') renderLayer(state, file, target, item, out, indent);
    else if (item.kind === 'router') renderRouter(state, file, target, item, out, indent);
    else if (item.kind === 'table') renderTable(state, file, target, item, out, indent);
    else if (item.kind === 'chain') renderChain(state, file, target, item, out, indent);
    else out.push(`${indent}${target}.${item.method}('${item.path}', ${[...layerList(state, file, item.layers), handler(state, file)].join(', ')});`);
  }
}

function renderLayer(state, file, target, item, out, indent) {
  const where = item.path ? `'${item.path}', ` : '';
  const call = `${target}.use(${where}${layerList(state, file, item.layers).join(', ')});`;
  if (!state.random.chance(0.12)) {
    out.push(indent + call);
    return;
  }
  const test = state.random.pick(["process.env.NODE_ENV === 'production'", "process.env.NODE_ENV !== 'test'"]);
  if (state.random.chance(0.7)) out.push(`${indent}if (${test}) {`, `${indent}  ${call}`, `${indent}}`);
  else out.push(`${indent}if (${test}) ${call}`);
}

/** Gives the arguments that stand for layers: plain, as an array, spread, or chosen by the environment. */
function layerList(state, file, chosen) {
  const { random } = state;
  const parts = chosen.map((guard) => guardExpression(state, file, guard));
  if (parts.length === 0) return random.chance(0.1) ? ['[]'] : [];
  const roll = random.next();
  if (roll < 0.12) return [`[${parts.join(', ')}]`];
  if (roll < 0.2) return [`...[${parts.join(', ')}]`];
  if (roll < 0.28) {
    state.counter++;
    const name = `layers${state.counter}`;
    file.before.push(`const ${name} = [${parts.join(', ')}];`);
    return [random.chance(0.5) ? name : `...${name}`];
  }
  if (roll < 0.32) return [`process.env.NODE_ENV === 'production' ? ${parts[0]} : (req, res, next) => next()`, ...parts.slice(1)];
  return parts;
}

function guardExpression(state, file, guard) {
  file.use('./guards', guard.name);
  return guard.call ? `${guard.name}(${guard.call})` : guard.name;
}

function handler(state, file) {
  const { random } = state;
  const status = random.pick([200, 200, 201, 202]);
  state.counter++;
  const answer = status === 200 ? "res.json({ ok: true })" : `res.status(${status}).json({ ok: true })`;
  const roll = random.next();
  if (roll < 0.3) return `(req, res) => ${answer}`;
  if (roll < 0.5) return `function handle${state.counter}(req, res) { ${answer}; }`;
  if (roll < 0.62) {
    const name = `handle${state.counter}`;
    file.before.push(random.chance(0.5) ? `function ${name}(req, res) {\n  ${answer};\n}` : `const ${name} = async (req, res) => {\n  ${answer};\n};`);
    return name;
  }
  if (roll < 0.76) return `${file.use('./guards', 'asyncHandler')}(async (req, res) => { ${answer}; })`;
  if (roll < 0.84) return `${file.use('./guards', 'withUser')}((req, res) => ${answer})`;
  if (roll < 0.92) return `(req, res) => { if (req.headers.authorization !== 'Bearer good') return res.status(401).json({ error: 'sign in' }); ${answer}; }`;
  return `(req, res) => { const known = req.headers.authorization === 'Bearer good'; res.json({ known }); }`;
}

function renderTable(state, file, target, item, out, indent) {
  const list = layerList(state, file, item.layers).join(', ');
  const extra = list ? `${list}, ` : '';
  const row = state.random.between(0, 2);
  state.counter++;
  const reply = `(req, res) => res.json({ table: ${state.counter} })`;
  if (row === 0) {
    out.push(`${indent}for (const [method, path] of [${item.rows.map((one) => `['${one.method}', '${one.path}']`).join(', ')}]) {`);
    out.push(`${indent}  ${target}[method](path, ${extra}${reply});`, `${indent}}`);
  } else if (row === 1) {
    out.push(`${indent}[${item.rows.map((one) => `{ verb: '${one.method}', url: '${one.path}' }`).join(', ')}].forEach(({ verb, url }) => {`);
    out.push(`${indent}  ${target}[verb](url, ${extra}${reply});`, `${indent}});`);
  } else {
    out.push(`${indent}for (const [path, method] of Object.entries({ ${item.rows.map((one) => `'${one.path}': '${one.method}'`).join(', ')} })) {`);
    out.push(`${indent}  ${target}[method](path, ${extra}${reply});`, `${indent}}`);
  }
}

function renderChain(state, file, target, item, out, indent) {
  out.push(`${indent}${target}.route('${item.path}')`);
  if (item.all.length > 0) out.push(`${indent}  .all(${layerList(state, file, item.all).join(', ')})`);
  item.methods.forEach((one, index) => {
    const end = index === item.methods.length - 1 ? ';' : '';
    out.push(`${indent}  .${one.method}(${[...layerList(state, file, one.layers), handler(state, file)].join(', ')})${end}`);
  });
}

/** Renders a nested router in one of the ways in which people write them, and its mounting. */
function renderRouter(state, file, target, item, out, indent) {
  const style = state.random.pick(['inline', 'inline', 'function', 'module', 'module', 'factory', 'register', 'class', 'object']);
  state.counter++;
  const number = state.counter;
  const mount = (expression) => {
    const where = item.prefix ? [`'${item.prefix}'`] : [];
    // Without a path an empty list would itself be taken for one, which the two Express versions treat differently.
    const between = layerList(state, file, item.layers).filter((part) => item.prefix || part !== '[]');
    out.push(`${indent}${target}.use(${[...where, ...between, expression].join(', ')});`);
  };
  STYLES[style]({ state, file, item, out, indent, number, mount });
}

const merge = (item) => (item.prefix?.includes(':') ? '{ mergeParams: true }' : '');

const STYLES = {
  inline({ state, file, item, out, indent, number, mount }) {
    const name = `router${number}`;
    const late = state.random.chance(0.15);
    out.push(`${indent}const ${name} = ${file.useWhole('express', 'express')}.Router(${merge(item)});`);
    if (late) mount(name);
    renderItems(state, file, name, item.items, out, indent);
    if (!late) mount(name);
  },
  function({ state, file, item, number, mount }) {
    const lines = [`function build${number}() {`, `  const router = ${file.useWhole('express', 'express')}.Router(${merge(item)});`];
    renderItems(state, file, 'router', item.items, lines, '  ');
    file.before.push(...lines, '  return router;', '}');
    mount(`build${number}()`);
  },
  module({ state, file, item, number, mount }) {
    const inner = newFile(state, number);
    inner.body.push(`const router = ${inner.use('express', 'Router')}(${merge(item)});`);
    renderItems(state, inner, 'router', item.items, inner.body, '');
    inner.exportDefault('router');
    mount(file.useWhole(`./area${number}`, `area${number}`));
  },
  factory({ state, file, item, number, mount }) {
    const inner = newFile(state, number);
    const guard = state.random.chance(0.6) ? state.random.pick(state.guards) : null;
    const lines = [`function make${number}({ guard } = {}) {`, `  const router = ${inner.useWhole('express', 'express')}.Router(${merge(item)});`];
    lines.push('  if (guard) router.use(guard);');
    renderItems(state, inner, 'router', item.items, lines, '  ');
    inner.body.push(...lines, '  return router;', '}');
    inner.exportDefault(`make${number}`);
    const argument = guard ? `{ guard: ${guardExpression(state, file, guard)} }` : state.random.pick(['', '{}']);
    mount(`${file.useWhole(`./area${number}`, `make${number}`)}(${argument})`);
  },
  register({ state, file, item, out, indent, number, mount }) {
    const inner = newFile(state, number);
    const lines = [`function register${number}(target) {`];
    renderItems(state, inner, 'target', item.items, lines, '  ');
    inner.body.push(...lines, '}');
    inner.exportDefault(`register${number}`);
    const name = `router${number}`;
    out.push(`${indent}const ${name} = ${file.useWhole('express', 'express')}.Router(${merge(item)});`);
    out.push(`${indent}${file.useWhole(`./area${number}`, `register${number}`)}(${name});`);
    mount(name);
  },
  class({ state, file, item, number, mount }) {
    const inner = newFile(state, number);
    const lines = [`class Area${number} {`, '  constructor() {', `    this.router = ${inner.use('express', 'Router')}(${merge(item)});`, '    this.routes();', '  }', '  routes() {'];
    renderItems(state, inner, 'this.router', item.items, lines, '    ');
    inner.body.push(...lines, '  }', '}');
    inner.exportDefault(state.random.chance(0.5) ? `Area${number}` : `new Area${number}()`);
    const made = inner.after[inner.after.length - 1].includes('new ');
    const name = file.useWhole(`./area${number}`, made ? `area${number}` : `Area${number}`);
    mount(made ? `${name}.router` : `new ${name}().router`);
  },
  object({ state, file, item, out, indent, number, mount }) {
    const name = `parts${number}`;
    const express = file.useWhole('express', 'express');
    const list = state.random.chance(0.5);
    const reference = list ? `${name}[0]` : `${name}.main`;
    out.push(`${indent}const ${name} = ${list ? `[${express}.Router(${merge(item)})]` : `{ main: ${express}.Router(${merge(item)}) }`};`);
    renderItems(state, file, reference, item.items, out, indent);
    mount(reference);
  },
};

function newFile(state, number) {
  const file = new File(`area${number}.js`, state.esm);
  state.files.push(file);
  return file;
}

function main([seed, count, folder]) {
  if (!folder) {
    process.stderr.write('usage: generate.js SEED COUNT OUTDIR\n');
    process.exit(2);
  }
  for (let index = 0; index < Number(count); index++) {
    const random = new Random(Number(seed) * 1_000_003 + index);
    const dir = path.join(folder, `express-${seed}-${String(index).padStart(5, '0')}`);
    fs.mkdirSync(dir, { recursive: true });
    for (const [name, text] of application(random)) fs.writeFileSync(path.join(dir, name), text);
  }
}

main(process.argv.slice(2));
