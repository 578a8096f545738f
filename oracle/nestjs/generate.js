// Writes random, seeded NestJS applications that start and answer.
//
//   node generate.js SEED COUNT OUTDIR
//
// Nothing is marked: whether a route is guarded is found out by running the application. The generator only sees to
// it that the ways of wiring (modules, guards on every level, metadata, bases, middleware, prefixes, versions) meet each other.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { Random } = require('../lib/random');
const { TypeScriptFile } = require('../lib/typescript-file');
const { WORDS } = require('../lib/words');
const { namer } = require('./lib/making/names');
const { marks } = require('./lib/making/marks');
const { guards } = require('./lib/making/guards');
const { middleware, target } = require('./lib/making/middleware');
const { useGuards, marked } = require('./lib/making/controllers');
const { moduleOf } = require('./lib/making/modules');

/** Makes the files of one application. */
function application(random) {
  const state = begin(random);
  const marking = marks(random, state.name);
  const guarding = guards(random, state.name, marking.marks);
  const between = middleware(random, state.name);
  Object.assign(state, { marks: marking.marks, guards: guarding.guards, middleware: between.middleware });
  state.files.push(marking.file, guarding.file, between.file);
  state.shared = sharedModule(state);
  composed(state);
  const root = moduleOf(state, 0);
  main(state, root);
  return new Map(state.files.filter((file) => file.body.length > 0).map((file) => [`${file.name}.ts`, file.text()]));
}

function begin(random) {
  const words = random.shuffled(WORDS);
  let counter = 0;
  const files = [];
  return {
    random,
    files,
    name: namer(random),
    versioned: random.chance(0.25),
    composed: [],
    bases: [],
    known: [],
    word: () => (counter++ < words.length ? words[counter - 1] : `${words[counter % words.length]}${counter}`),
    open(stem) {
      const file = new TypeScriptFile(`${stem}${files.length}`);
      files.push(file);
      return file;
    },
  };
}

/** The module that has the services of guards. */
function sharedModule(state) {
  const file = state.open('shared');
  const isGlobal = state.random.chance(0.4);
  file.use('@nestjs/common', 'Module');
  file.use('./guards', 'PeopleService');
  if (isGlobal) file.use('@nestjs/common', 'Global');
  file.body.push(...(isGlobal ? ['@Global()'] : []), '@Module({ providers: [PeopleService], exports: [PeopleService] })', 'export class SharedModule {}');
  return { name: 'SharedModule', file: file.name, expression: 'SharedModule' };
}

/** Decorators that are several in one. */
function composed(state) {
  const { random } = state;
  const file = new TypeScriptFile('composed');
  state.files.push(file);
  const count = random.between(0, 2);
  for (let index = 0; index < count; index++) {
    const name = state.name('Rule');
    file.use('@nestjs/common', 'applyDecorators');
    const parts = [useGuards(state, file).slice(1)];
    if (state.marks.length > 0 && random.chance(0.6)) parts.splice(random.between(0, 1), 0, marked(state, file));
    const call = `applyDecorators(${parts.join(', ')})`;
    file.body.push(...(random.chance(0.5) ? [`export function ${name}() {`, `  return ${call};`, '}'] : [`export const ${name} = () => ${call};`]));
    state.composed.push(name);
  }
}

/** The file that starts the application. */
function main(state, root) {
  const { random } = state;
  const file = new TypeScriptFile('main');
  state.files.push(file);
  file.use('@nestjs/core', 'NestFactory');
  file.use(`./${root.file}`, root.name);
  const lines = [];
  const add = (share, make) => random.chance(share) && lines.splice(random.between(0, lines.length), 0, make());
  add(0.35, () => globalPrefix(state, file));
  add(state.versioned ? 1 : 0, () => versioning(state, file));
  add(0.3, () => globalGuards(state, file));
  add(0.1, () => globalGuards(state, file));
  add(0.2, () => globalFunction(state, file));
  file.body.push('async function bootstrap() {', `  const app = await NestFactory.create(${root.expression});`, ...lines.map((line) => `  ${line}`), '  await app.listen(3000);', '}');
  file.body.push(random.pick(['bootstrap();', 'void bootstrap();']));
}

function globalPrefix(state, file) {
  const { random } = state;
  const excluded = Array.from({ length: random.between(1, 2) }, () => target(state, file));
  const prefix = random.pick(["'api'", "'/api'", "'api/v1'"]);
  return `app.setGlobalPrefix(${prefix}${random.chance(0.5) ? `, { exclude: [${excluded.join(', ')}] }` : ''});`;
}

function versioning(state, file) {
  file.use('@nestjs/common', 'VersioningType');
  const standard = state.random.pick(['', ", defaultVersion: '1'", ", defaultVersion: ['1', '2']"]);
  const prefix = state.random.pick(['', '', ", prefix: 'version-'", ', prefix: false']);
  return `app.enableVersioning({ type: VersioningType.URI${standard}${prefix} });`;
}

function globalGuards(state, file) {
  const { random } = state;
  const chosen = random.shuffled(state.guards).slice(0, random.between(1, 2));
  const types = { reflector: ['@nestjs/core', 'Reflector'], people: ['./guards', 'PeopleService'] };
  const made = chosen.map((guard) => {
    if (guard.needs.length === 0) return `new ${file.use('./guards', guard.name)}(${guard.argument ?? ''})`;
    file.use('./guards', guard.name);
    return `new ${guard.name}(${guard.needs.map((need) => `app.get(${file.use(...types[need])})`).join(', ')})`;
  });
  return `app.useGlobalGuards(${made.join(', ')});`;
}

function globalFunction(state, file) {
  const functions = state.middleware.filter((one) => one.isFunction);
  if (functions.length === 0) return '// No function stands before all routes.';
  return `app.use(${file.use('./middleware', state.random.pick(functions).name)});`;
}

function run([seed, count, folder]) {
  if (!folder) {
    process.stderr.write('usage: generate.js SEED COUNT OUTDIR\n');
    process.exit(2);
  }
  for (let index = 0; index < Number(count); index++) {
    const random = new Random(Number(seed) * 1_000_003 + index);
    const dir = path.join(folder, `nestjs-${seed}-${String(index).padStart(5, '0')}`, 'src');
    fs.mkdirSync(dir, { recursive: true });
    for (const [name, text] of application(random)) fs.writeFileSync(path.join(dir, name), text);
  }
}

run(process.argv.slice(2));
