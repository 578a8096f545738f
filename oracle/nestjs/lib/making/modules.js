// Modules of a generated application: who imports whom, global guards, and middleware.
'use strict';
const { controller } = require('./controllers');
const { configured } = require('./middleware');

/** Writes a module, and those that it imports; gives how it is written in a list of imports. */
function moduleOf(state, depth) {
  const { random } = state;
  const children = [];
  const count = depth === 0 ? random.between(1, 3) : depth < 3 ? random.between(0, 1) : 0;
  for (let index = 0; index < count; index++) children.push(moduleOf(state, depth + 1));
  const file = state.open('area');
  const controllers = Array.from({ length: random.between(depth === 0 ? 0 : 1, 2) }, () => controller(state, file));
  const shape = depth > 0 && random.chance(0.25) ? dynamic : fixed;
  return shape(state, file, { children, controllers, providers: providers(state, file, depth), name: state.name('Module') });
}

/** Global guards are provided by a module in five ways, wherever in the tree it stands. */
function providers(state, file, depth) {
  const { random } = state;
  if (!random.chance(depth === 0 ? 0.4 : 0.12)) return [];
  const chosen = random.shuffled(state.guards.filter((guard) => !guard.argument)).slice(0, random.between(1, depth === 0 ? 2 : 1));
  return chosen.flatMap((guard) => globalGuard(random, file, guard));
}

const GLOBAL_GUARDS = [
  (name) => [`{ provide: APP_GUARD, useClass: ${name} }`],
  (name) => [`{ provide: APP_GUARD, useClass: ${name} }`],
  (name) => [name, `{ provide: APP_GUARD, useExisting: ${name} }`],
  (name, needs, made) => [`{ provide: APP_GUARD, useFactory: (${made.parameters}) => new ${name}(${made.names}), inject: [${made.types}] }`],
  (name, needs, made) => (needs.length === 0 ? [`{ provide: APP_GUARD, useValue: new ${name}() }`] : [`{ provide: APP_GUARD, useClass: ${name} }`]),
  (name) => [name, `{ provide: APP_GUARD, useFactory: (guard: ${name}) => guard, inject: [${name}] }`],
];

const TYPES = { reflector: ['@nestjs/core', 'Reflector'], people: ['./guards', 'PeopleService'] };

function globalGuard(random, file, guard) {
  file.use('./guards', guard.name);
  file.use('@nestjs/core', 'APP_GUARD');
  const types = guard.needs.map((need) => TYPES[need][1]);
  const made = { parameters: guard.needs.map((need, index) => `${need}: ${types[index]}`).join(', '), names: guard.needs.join(', '), types: types.join(', ') };
  const lines = random.pick(GLOBAL_GUARDS)(guard.name, guard.needs, made);
  if (lines.at(-1).includes('inject: [') && !lines.at(-1).includes('guard:')) for (const need of guard.needs) file.use(...TYPES[need]);
  return lines;
}

/** A module whose decorator says all. */
function fixed(state, file, { children, controllers, providers, name }) {
  file.use('@nestjs/common', 'Module');
  const parts = metadata(state, file, { children, controllers, providers });
  const lines = configuration(state, file, controllers);
  file.body.push(`@Module({ ${parts.join(', ')} })`, `export class ${name}${lines.length > 0 ? ' implements NestModule' : ''} {${lines.length > 0 ? '' : '}'}`);
  if (lines.length > 0) file.body.push(...lines, '}');
  file.body.push('');
  return { name, file: file.name, expression: name };
}

function metadata(state, file, { children, controllers, providers }) {
  const imports = [...children.map((child) => imported(file, child)), imported(file, state.shared)];
  const parts = [`imports: [${imports.join(', ')}]`];
  if (controllers.length > 0) parts.push(`controllers: [${controllers.map((one) => one.name).join(', ')}]`);
  if (providers.length > 0) parts.push(`providers: [${providers.join(', ')}]`);
  return parts;
}

function imported(file, module) {
  file.use(`./${module.file}`, module.name);
  return module.expression;
}

/** A module that is made by a call. */
function dynamic(state, file, { children, controllers, providers, name }) {
  const { random } = state;
  file.use('@nestjs/common', 'Module');
  file.use('@nestjs/common', 'DynamicModule');
  const method = random.pick(['forRoot', 'register', 'forFeature']);
  const parts = metadata(state, file, { children, controllers, providers });
  const split = random.chance(0.3) ? parts.splice(0, 1) : [];
  const lines = configuration(state, file, controllers);
  const isAsync = random.chance(0.15);
  file.body.push(`@Module({${split.length > 0 ? ` ${split[0]} ` : ''}})`, `export class ${name} {`);
  file.body.push(`  static ${isAsync ? 'async ' : ''}${method}(isStrict = true): ${isAsync ? 'Promise<DynamicModule>' : 'DynamicModule'} {`);
  file.body.push(`    return { module: ${name}${parts.map((part) => `, ${guarded(random, part)}`).join('')} };`, '  }', ...lines, '}', '');
  return { name, file: file.name, expression: `${name}.${method}(${random.pick(['', 'true', 'false'])})` };
}

/** Providers that hang on an argument of the call. */
function guarded(random, part) {
  if (!part.startsWith('providers: ') || !random.chance(0.4)) return part;
  return `providers: isStrict ? ${part.slice('providers: '.length)} : []`;
}

function configuration(state, file, controllers) {
  if (!state.random.chance(0.3)) return [];
  file.use('@nestjs/common', 'MiddlewareConsumer');
  file.use('@nestjs/common', 'NestModule');
  return ['', '  configure(consumer: MiddlewareConsumer) {', ...configured(state, file, controllers).map((line) => `    ${line}`), '  }'];
}

module.exports = { moduleOf };
