// Middleware of a generated application, and where modules apply it.
'use strict';
const { TypeScriptFile } = require('../../../lib/typescript-file');
const { lower } = require('./names');

const REFUSALS = [
  "return void response.status(401).json({ error: 'sign in' });",
  "{ response.status(403).send('no'); return; }",
  'throw new UnauthorizedException();',
  'return next(new UnauthorizedException());',
];

const KNOWN = [
  "request.headers.authorization === 'Bearer good'",
  "request.get('authorization') === 'Bearer good'",
  "request.headers['x-api-key'] === 'good'",
  "keys.has(request.headers['x-api-key'])",
];

const SHAPES = [
  (r) => [`if (!(${r.pick(KNOWN)})) ${r.pick(REFUSALS)}`, 'next();'],
  (r) => [`if (${r.pick(KNOWN)}) return next();`, r.pick(REFUSALS)],
  (r) => [`if (request.method !== 'GET' && !(${r.pick(KNOWN)})) ${r.pick(REFUSALS)}`, 'next();'],
  (r) => [`if (${r.pick(KNOWN)}) request.user = { id: 7, words: ['keeper'] };`, 'next();'],
  () => ['request.started = Date.now();', 'next();'],
  () => ["response.setHeader('x-frame-options', 'DENY');", 'next();'],
];

/** Makes the file of middleware: functions and classes. */
function middleware(random, name) {
  const file = new TypeScriptFile('middleware');
  file.body.push("const keys = new Set(['good']);", '');
  const made = [];
  const count = random.between(2, 4);
  for (let index = 0; index < count; index++) {
    const body = random.pick(SHAPES)(random);
    made.push(random.chance(0.5) ? ofClass(random, name, body, file) : ofFunction(random, name, body, file));
  }
  file.useAll('@nestjs/common', ['Injectable', 'NestMiddleware', 'UnauthorizedException'], file.body.join('\n'));
  return { file, middleware: made };
}

function ofClass(random, name, body, file) {
  const word = name('Middleware');
  const isAsync = random.chance(0.2);
  file.body.push('@Injectable()', `export class ${word} implements NestMiddleware {`, `  ${isAsync ? 'async ' : ''}use(request: any, response: any, next: (error?: any) => void) {`);
  file.body.push(...body.map((line) => `    ${line}`), '  }', '}', '');
  return { name: word };
}

function ofFunction(random, name, body, file) {
  const word = lower(name('Step'));
  file.body.push(`export function ${word}(request: any, response: any, next: (error?: any) => void) {`, ...body.map((line) => `  ${line}`), '}', '');
  return { name: word, isFunction: true };
}

/** The lines of a `configure` of a module with these controllers. */
function configured(state, file, controllers) {
  const { random } = state;
  const lines = [];
  const count = random.between(1, 3);
  for (let index = 0; index < count; index++) {
    const chosen = random.shuffled(state.middleware).slice(0, random.between(1, 2));
    for (const one of chosen) file.use('./middleware', one.name);
    const excluded = random.chance(0.35) ? `.exclude(${targets(state, file, [], random.between(1, 2))})` : '';
    const apply = random.chance(0.15) ? `apply(...[${chosen.map((one) => one.name).join(', ')}])` : `apply(${chosen.map((one) => one.name).join(', ')})`;
    lines.push({ apply, excluded, where: targets(state, file, controllers, random.between(1, 2)) });
  }
  if (random.chance(0.3)) return [`consumer${lines.map((one) => `\n      .${one.apply}${one.excluded}.forRoutes(${one.where})`).join('')};`];
  return lines.map((one) => `consumer.${one.apply}${one.excluded}.forRoutes(${one.where});`);
}

/** Routes of the application as people name them for middleware; they may be of any module. */
function targets(state, file, controllers, count) {
  const { random } = state;
  const made = [];
  for (let index = 0; index < count; index++) {
    if (controllers.length > 0 && random.chance(0.4)) {
      made.push(file.use(`./${controllers[0].file}`, random.pick(controllers).name));
    } else if (random.chance(0.15) && controllers.length > 0) {
      made.push(random.pick(["'*'", "'{*splat}'", "'*splat'"]));
    } else {
      made.push(target(state, file));
    }
  }
  return [...new Set(made)].join(', ');
}

function target(state, file) {
  const { random } = state;
  const route = random.pick(state.known.length > 0 ? state.known : [{ path: 'nothing', method: 'GET' }]);
  const head = route.path.split('/')[0];
  const path = random.pick([route.path, route.path, head, `${head}/*rest`, `${head}/{*rest}`, `/${route.path}`, `${head}/:id`, `${head}*rest`.replace(/\*rest$/, '/*rest')]);
  const plain = path.replace(/\/\*\w+$/, '/*rest');
  if (random.chance(0.4)) return `'${plain}'`;
  file.use('@nestjs/common', 'RequestMethod');
  return `{ path: '${plain}', method: RequestMethod.${random.pick([route.method, route.method, 'ALL', 'GET', 'POST'])} }`;
}

module.exports = { middleware, configured, target };
