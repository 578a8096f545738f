// Controllers of a generated application: their prefixes, methods, decorators and bases.
'use strict';
const { written } = require('./marks');

const METHODS = ['Get', 'Get', 'Get', 'Post', 'Post', 'Put', 'Patch', 'Delete', 'All'];

/** Bodies of handlers: parameters and lines. */
const HANDLERS = [
  { weight: 6, parameters: '', lines: ['return { ok: true };'] },
  { weight: 1, parameters: '', isAsync: true, lines: ['return { ok: true };'] },
  { weight: 1, parameters: "@Headers('authorization') header: string", lines: ["if (header !== 'Bearer good') throw new UnauthorizedException();", 'return { ok: true };'] },
  { weight: 1, parameters: '@Req() request: any', lines: ["if (request.headers.authorization !== 'Bearer good') {", '  throw new ForbiddenException();', '}', 'return { ok: true };'] },
  { weight: 1, parameters: "@Headers('authorization') header: string", lines: ["return { known: header === 'Bearer good' };"] },
  { weight: 1, parameters: '@Req() request: any', lines: ['return { user: request.user };'] },
];

function handler(random) {
  let roll = random.next() * HANDLERS.reduce((sum, one) => sum + one.weight, 0);
  return HANDLERS.find((one) => (roll -= one.weight) < 0) ?? HANDLERS[0];
}

/** The decorators that guard a class or a method, in random order around the route's own. */
function decorators(state, file, own, share) {
  const { random } = state;
  const made = own ? [own] : [];
  const around = (line) => made.splice(random.between(0, made.length), 0, line);
  if (random.chance(share)) around(useGuards(state, file));
  if (random.chance(share / 4)) around(useGuards(state, file));
  if (state.marks.length > 0 && random.chance(0.3)) around(`@${marked(state, file)}`);
  if (state.composed.length > 0 && random.chance(0.15)) around(`@${file.use('./composed', random.pick(state.composed))}()`);
  return made;
}

function marked(state, file) {
  const mark = state.random.pick(state.marks);
  file.use('./marks', mark.name);
  return written(state.random, mark);
}

function useGuards(state, file) {
  const { random } = state;
  file.use('@nestjs/common', 'UseGuards');
  const chosen = random.shuffled(state.guards).slice(0, random.between(1, 2));
  return `@UseGuards(${chosen.map((guard) => guardExpression(random, file, guard)).join(', ')})`;
}

function guardExpression(random, file, guard) {
  file.use('./guards', guard.name);
  if (guard.argument) return `new ${guard.name}(${guard.argument})`;
  return guard.needs.length === 0 && random.chance(0.2) ? `new ${guard.name}()` : guard.name;
}

/** Plans and writes one controller into a file; gives its name. */
function controller(state, file) {
  const { random } = state;
  const name = state.name('Controller');
  const prefix = random.chance(0.1) ? '' : state.word() + (random.chance(0.12) ? `/:${state.word().slice(0, -1)}Id` : '');
  const base = random.chance(0.3) ? baseOf(state) : null;
  const lines = [];
  const routes = [];
  const count = random.between(base ? 0 : 1, 4);
  for (let index = 0; index < count; index++) lines.push(...method(state, file, prefix, routes));
  if (base) lines.push(...overrides(state, file, base));
  if (base) file.use(`./${base.file}`, base.name);
  const heritage = base ? ` extends ${base.name}` : '';
  file.body.push(...decorators(state, file, `@Controller(${argument(state, prefix, file)})`, 0.4), `export class ${name}${heritage} {`, ...lines, '}', '');
  for (const route of [...routes, ...(base?.routes ?? [])]) state.known.push({ ...route, path: join(prefix, route.path) });
  return { name, file: file.name, prefix };
}

function join(prefix, path) {
  return [prefix, path].filter(Boolean).join('/') || '/';
}

function argument(state, prefix, file) {
  const { random } = state;
  file.use('@nestjs/common', 'Controller');
  const path = random.chance(0.2) && prefix ? `/${prefix}` : prefix;
  if (state.versioned && random.chance(0.4)) {
    const version = random.pick(["'1'", "'2'", "['1', '2']", 'VERSION_NEUTRAL']);
    if (version === 'VERSION_NEUTRAL') file.use('@nestjs/common', version);
    return `{ path: '${path}', version: ${version} }`;
  }
  if (prefix && random.chance(0.08)) return `['${path}', '${state.word()}']`;
  if (!path) return '';
  return random.chance(0.1) ? `{ path: '${path}' }` : `'${path}'`;
}

/** One method that is a route, and what is above it. */
function method(state, file, prefix, routes, given) {
  const { random } = state;
  const verb = given?.verb ?? random.pick(METHODS);
  const word = state.word();
  const path = given?.path ?? random.pick(['', word, word, ':id', `:id/${word}`, `${word}/:id`, ...(prefix ? [`${word}/*rest`] : [])]);
  const paths = [path];
  if (!given && (routes.some((route) => route.path === path || route.path.startsWith(':') || (path.startsWith(':') && !path.includes('/'))) || (path === '' && !prefix))) paths[0] = word;
  if (!given && random.chance(0.06)) paths.push(state.word());
  const text = paths.length > 1 ? `[${paths.map((one) => `'${one}'`).join(', ')}]` : paths[0] ? `'${paths[0]}'` : '';
  file.use('@nestjs/common', verb);
  for (const one of paths) routes.push({ path: one, method: verb.toUpperCase(), verb });
  const name = given?.name ?? `${verb.toLowerCase()}${word[0].toUpperCase()}${word.slice(1)}`;
  routes.at(-1).name = name;
  const above = decorators(state, file, `@${verb}(${text})`, 0.35);
  if (state.versioned && random.chance(0.15)) above.splice(random.between(0, above.length), 0, `@${file.use('@nestjs/common', 'Version')}('${random.pick(['1', '2', '3'])}')`);
  return ['', ...above.map((line) => `  ${line}`), ...declaration(random, file, name)];
}

function declaration(random, file, name) {
  const chosen = handler(random);
  const text = chosen.parameters + chosen.lines.join('\n');
  file.useAll('@nestjs/common', ['Headers', 'Req', 'UnauthorizedException', 'ForbiddenException'], text);
  return [`  ${chosen.isAsync ? 'async ' : ''}${name}(${chosen.parameters}) {`, ...chosen.lines.map((line) => `    ${line}`), '  }'];
}

/** A base of controllers: one that there is, or a new one. */
function baseOf(state) {
  const { random } = state;
  if (state.bases.length > 0 && random.chance(0.6)) return random.pick(state.bases);
  const file = state.open('base');
  const routes = [];
  const lines = [];
  const count = random.between(1, 3);
  for (let index = 0; index < count; index++) lines.push(...method(state, file, 'x', routes));
  const name = state.name('Base');
  file.body.push(...decorators(state, file, null, 0.3), `export ${random.chance(0.6) ? 'abstract ' : ''}class ${name} {`, ...lines, '}', '');
  const base = { name, file: file.name, routes };
  state.bases.push(base);
  return base;
}

/** Methods of the base that are written again: with decorators, and without. */
function overrides(state, file, base) {
  const { random } = state;
  const lines = [];
  for (const route of base.routes.filter((one) => one.name)) {
    if (!random.chance(0.25)) continue;
    if (random.chance(0.4)) lines.push('', `  ${route.name}() {`, "    return { ok: 'never a route' };", '  }');
    else if (random.chance(0.5)) lines.push(...method(state, file, 'x', [], route));
    else {
      file.use('@nestjs/common', route.verb);
      const above = decorators(state, file, `@${route.verb}('${route.path}')`, 0.35);
      lines.push('', ...above.map((line) => `  ${line}`), `  ${route.name}(...given: [any?]) {`, `    return super.${route.name}(...(given as []));`, '  }');
    }
  }
  return lines;
}

module.exports = { controller, decorators, useGuards, guardExpression, marked };
