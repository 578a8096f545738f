// The guards of a generated application: some refuse, some only look, some let through on failure or by a mark.
'use strict';
const { TypeScriptFile } = require('../../../lib/typescript-file');
const { read } = require('./marks');

const REQUESTS = [
  'const request = context.switchToHttp().getRequest();',
  'const request = context.switchToHttp().getRequest();',
  'const request = context.getArgByIndex(0);',
  'const [request] = context.getArgs();',
  'const http = context.switchToHttp();\nconst request = http.getRequest();',
  'const request = this.requestOf(context);',
];

/** Ways to know the caller: a user, or null. */
const KNOWN = [
  "request.headers.authorization === 'Bearer good' ? { id: 7, words: ['keeper'] } : null",
  "request.headers['x-api-key'] === 'good' ? { id: 7, words: ['keeper'] } : null",
  "people.get((request.headers.authorization ?? '').replace('Bearer ', '')) ?? null",
  'lookup(request.headers.authorization)',
  "this.people.find(request.headers.authorization?.split(' ')[1])",
  'this.people.find(tokenOf(request))',
  'await this.people.load(request.headers.authorization)',
];

const REFUSALS = [
  'throw new UnauthorizedException();',
  "throw new UnauthorizedException('sign in');",
  'throw new ForbiddenException();',
  "throw new HttpException('no', 401);",
  "throw new HttpException('no', HttpStatus.FORBIDDEN);",
  'return false;',
];

/** Each gives the lines of a body that begin where `request` is known. */
const SHAPES = [
  { weight: 5, lines: (r) => [`const user = ${r.pick(KNOWN)};`, `if (!user) { ${r.pick(REFUSALS)} }`, 'request.user = user;', 'return true;'] },
  { weight: 2, lines: (r) => [`const user = ${r.pick(KNOWN)};`, 'request.user = user;', r.pick(['return !!user;', 'return Boolean(user);', 'return user !== null;'])] },
  { weight: 2, lines: (r) => [`if (${r.pick(KNOWN)}) return true;`, r.pick(REFUSALS)] },
  { weight: 2, lines: () => ['try {', '  request.user = verify(request.headers.authorization);', '} catch (error) {', '  throw new UnauthorizedException();', '}', 'return true;'] },
  { weight: 1, lines: () => ['try {', '  request.user = verify(request.headers.authorization);', '  return true;', '} catch {', '  return false;', '}'] },
  { weight: 2, lines: () => ['try {', '  request.user = verify(request.headers.authorization);', '} catch {', '  request.user = null;', '}', 'return true;'] },
  { weight: 1, lines: () => ['request.user = verify(request.headers.authorization);', 'return true;'] },
  { weight: 1, lines: (r) => [`request.user = ${r.pick(KNOWN)};`, 'return true;'] },
  { weight: 1, lines: (r) => ["if (request.method === 'GET') return true;", `return !!(${r.pick(KNOWN)});`] },
  { weight: 2, lines: () => ['request.started = Date.now();', 'return true;'] },
  { weight: 1, observable: true, lines: (r) => [`const user = ${r.pick(KNOWN.slice(0, 6))};`, 'return of(!!user);'] },
  { weight: 1, observable: true, lines: (r) => [`return of(${r.pick(KNOWN.slice(0, 6))}).pipe(map((user) => user !== null));`] },
  { weight: 1, promise: true, lines: (r) => [`return Promise.resolve(${r.pick(KNOWN.slice(0, 6))}).then((user) => !!user);`] },
  { weight: 1, promise: true, lines: (r) => [`return this.check(${r.pick(KNOWN.slice(0, 6))});`] },
];

const HELPERS = [
  "const people = new Map<string, any>([['good', { id: 7, words: ['keeper'] }]]);",
  '',
  'function verify(header?: string) {',
  "  if (header !== 'Bearer good') throw new Error('bad token');",
  "  return { id: 7, words: ['keeper'] };",
  '}',
  '',
  'function lookup(header?: string) {',
  "  if (!header?.startsWith('Bearer ')) return null;",
  '  return people.get(header.slice(7)) ?? null;',
  '}',
  '',
  'function tokenOf(request: any): string | undefined {',
  "  const [kind, token] = request.headers.authorization?.split(' ') ?? [];",
  "  return kind === 'Bearer' ? token : undefined;",
  '}',
  '',
  '@Injectable()',
  'export class PeopleService {',
  '  find(token?: string) {',
  "    return token === 'good' ? { id: 7, words: ['keeper'] } : null;",
  '  }',
  '',
  '  async load(header?: string) {',
  '    return lookup(header);',
  '  }',
  '}',
  '',
];

const METHODS = {
  'this.requestOf': ['  requestOf(context: ExecutionContext) {', '    return context.switchToHttp().getRequest();', '  }'],
  'this.check': ['  async check(user: any): Promise<boolean> {', '    return user !== null && user !== undefined;', '  }'],
};

/** Makes the file of guards, and says how each is written where it is used. */
function guards(random, name, marks) {
  const file = new TypeScriptFile('guards');
  file.body.push(...HELPERS);
  const made = [];
  const count = random.between(3, 6);
  for (let index = 0; index < count; index++) {
    const base = random.chance(0.2) ? random.pick([...made.filter((one) => !one.words && !one.argument), null]) : null;
    made.push(base ? derived(random, name, marks, base, file) : plain(random, name, marks, file));
  }
  const text = file.body.join('\n');
  file.useAll('@nestjs/common', ['CanActivate', 'ExecutionContext', 'ForbiddenException', 'HttpException', 'HttpStatus', 'Injectable', 'UnauthorizedException', 'Inject'], text);
  file.useAll('@nestjs/core', ['Reflector'], text);
  file.useAll('rxjs', ['of', 'map', 'Observable'], text);
  file.useAll('./marks', marks.flatMap((mark) => [mark.name, `${mark.name}Key`]), text);
  return { file, guards: made };
}

function weighted(random) {
  let roll = random.next() * SHAPES.reduce((sum, shape) => sum + shape.weight, 0);
  return SHAPES.find((shape) => (roll -= shape.weight) < 0) ?? SHAPES[0];
}

/** A guard that stands for itself. */
function plain(random, name, marks, file) {
  const lists = marks.filter((mark) => !mark.flag);
  if (lists.length > 0 && random.chance(0.25)) return ofWords(random, name, random.pick(lists), file);
  if (random.chance(0.12)) return ofArgument(random, name, file);
  const shape = weighted(random);
  const body = [...prelude(random, marks), ...random.pick(REQUESTS).split('\n'), ...shape.lines(random)];
  return write(random, file, name('Guard'), { body, shape, heritage: ' implements CanActivate' });
}

/** Lines that let requests on, or on only, where a mark says so. */
function prelude(random, marks) {
  const flags = marks.filter((mark) => mark.flag);
  if (flags.length === 0 || !random.chance(0.5)) return [];
  const text = read(random, random.pick(flags));
  if (random.chance(0.6)) return ['const isMarked = ' + text + ';', 'if (isMarked) return true;'];
  return [random.chance(0.5) ? `if (${text}) { return true; }` : `if (!(${text})) return true;`];
}

/** A guard that asks for words that the caller has. */
function ofWords(random, name, mark, file) {
  const none = random.pick(['if (!wanted) return true;', 'if (!wanted || wanted.length === 0) return true;', 'if (!wanted?.length) return true;']);
  const test = random.pick([
    'wanted.some((word) => user?.words.includes(word))',
    'wanted.every((word) => user?.words?.includes(word))',
    'user?.words.some((word: string) => wanted.includes(word))',
  ]);
  const end = random.pick([[`return ${test};`], [`if (!(${test})) throw new ForbiddenException();`, 'return true;']]);
  const who = random.pick(['const { user } = context.switchToHttp().getRequest();', 'const user = lookup(context.switchToHttp().getRequest().headers.authorization);']);
  const body = [`const wanted = ${read(random, mark)};`, none, who, ...end];
  return { ...write(random, file, name('Guard'), { body, shape: {}, heritage: ' implements CanActivate' }), words: true };
}

/** A guard that is made with the name of the header that it asks for. */
function ofArgument(random, name, file) {
  const word = name('Guard');
  file.body.push(
    `export class ${word} implements CanActivate {`,
    random.chance(0.5) ? '  constructor(private readonly header: string) {}' : '  private readonly header: string;\n\n  constructor(header: string) {\n    this.header = header;\n  }',
    '',
    '  canActivate(context: ExecutionContext): boolean {',
    '    const given = context.switchToHttp().getRequest().headers[this.header];',
    ...random.pick([["    return given === 'good';"], ["    if (given !== 'good') throw new UnauthorizedException();", '    return true;'], ["    context.switchToHttp().getRequest().isKnown = given === 'good';", '    return true;']]),
    '  }',
    '}',
    '',
  );
  return { name: word, needs: [], argument: "'x-api-key'" };
}

/** Ways to extend another guard. */
const EXTENSIONS = [
  { async: false, lines: () => ['return super.canActivate(context);'] },
  { async: true, lines: () => ['return (await super.canActivate(context)) as boolean;'] },
  { async: true, lines: () => ['const isFine = await super.canActivate(context);', 'if (!isFine) throw new UnauthorizedException();', 'return true;'] },
  { async: true, lines: () => ['await super.canActivate(context);', 'return true;'] },
  { async: true, lines: () => ['try {', '  await super.canActivate(context);', '} catch {', '  // Guests are welcome.', '}', 'return true;'] },
  { async: true, lines: () => ['if (!(await super.canActivate(context))) return false;', "return context.switchToHttp().getRequest().headers['x-api-key'] === 'good';"] },
];

function derived(random, name, marks, base, file) {
  const extension = random.pick(base.observable ? EXTENSIONS.slice(0, 1) : EXTENSIONS);
  const own = random.chance(0.25) ? [] : [...prelude(random, marks), ...extension.lines()];
  const shape = { promise: !extension.async, derived: true };
  return { ...write(random, file, name('Guard'), { body: own, shape, heritage: ` extends ${base.name}`, base, isAsync: extension.async }), observable: base.observable };
}

/** Writes one class, with the services that its body asks for. */
function write(random, file, name, { body, shape, heritage, base, isAsync }) {
  const text = body.join('\n');
  const needs = [...new Set([...(base?.needs ?? []), ...['reflector', 'people'].filter((need) => text.includes(`this.${need}.`))])];
  const isNew = needs.length > (base?.needs.length ?? 0);
  const types = { reflector: 'Reflector', people: 'PeopleService' };
  const given = needs.map((need) => `${base?.needs.includes(need) ? '' : base ? 'readonly own' : random.pick(['protected ', 'protected readonly ', 'readonly '])}${base && !base.needs.includes(need) ? types[need] : need}: ${types[need]}`);
  const lines = [...(needs.length > 0 || random.chance(0.7) ? ['@Injectable()'] : []), `export class ${name}${heritage} {`];
  if (isNew && base) lines.push(`  constructor(${given.join(', ')}) {`, `    super(${base.needs.join(', ')});`, '  }', '');
  else if (isNew) lines.push(`  constructor(${given.join(', ')}) {}`, '');
  const renamed = base ? needs.filter((need) => !base.needs.includes(need)).reduce((all, need) => all.replaceAll(`this.${need}.`, `this.own${types[need]}.`), text) : text;
  if (body.length > 0) lines.push(...activation(renamed, shape, isAsync));
  for (const [call, method] of Object.entries(METHODS)) if (text.includes(`${call}(`)) lines.push('', ...method);
  file.body.push(...lines, '}', '');
  return { name, needs, observable: shape.observable };
}

function activation(text, shape, isAsync) {
  const isAwaiting = isAsync || text.includes('await ');
  const kind = isAwaiting ? 'Promise<boolean>' : shape.observable || shape.promise ? 'any' : 'boolean';
  return [`  ${isAwaiting ? 'async ' : ''}canActivate(context: ExecutionContext): ${kind} {`, ...text.split('\n').map((line) => `    ${line}`), '  }'];
}

module.exports = { guards };
