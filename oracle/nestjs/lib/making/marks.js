// Decorators that leave metadata, and the ways in which guards read it.
'use strict';
const { TypeScriptFile } = require('../../../lib/typescript-file');
const { lower } = require('./names');

/** Ways to declare a decorator: of a flag, or of a list of words. Each gives lines, its use, and the key to read it by. */
const DECLARATIONS = [
  (name, flag) => ({
    needs: ['SetMetadata'],
    lines: [flag ? `export const ${name} = () => SetMetadata('${lower(name)}', true);` : `export const ${name} = (...words: string[]) => SetMetadata('${lower(name)}', words);`],
    key: `'${lower(name)}'`,
  }),
  (name, flag) => ({
    needs: ['SetMetadata'],
    lines: [`export const ${name}Key = '${lower(name)}';`, flag ? `export const ${name} = () => SetMetadata(${name}Key, true);` : `export const ${name} = (...words: string[]) => SetMetadata(${name}Key, words);`],
    key: `${name}Key`,
  }),
  (name, flag) => ({
    needs: ['Reflector'],
    lines: [`export const ${name} = Reflector.createDecorator<${flag ? 'boolean' : 'string[]'}>();`],
    key: name,
    takesValue: true,
  }),
  (name, flag) => ({
    needs: ['SetMetadata'],
    lines: [`export function ${name}(${flag ? '' : '...words: string[]'}) {`, `  return SetMetadata('${lower(name)}', ${flag ? 'true' : 'words'});`, '}'],
    key: `'${lower(name)}'`,
  }),
];

/** Makes the decorators of an application. */
function marks(random, name) {
  const file = new TypeScriptFile('marks');
  const made = [];
  for (const flag of [true, true, false, false]) {
    if (!random.chance(0.75)) continue;
    const word = name(flag ? 'Mark' : 'Words');
    const one = random.pick(DECLARATIONS)(word, flag);
    for (const need of one.needs) file.use(need === 'Reflector' ? '@nestjs/core' : '@nestjs/common', need);
    file.body.push(...one.lines);
    made.push({ name: word, flag, key: one.key, takesValue: one.takesValue });
  }
  return { file, marks: made };
}

/** The decorator as it stands above a class or method. */
function written(random, mark) {
  if (mark.flag) return `${mark.name}(${mark.takesValue ? random.pick(['true', 'true', 'false']) : ''})`;
  const words = random.pick([["'keeper'"], ["'keeper'", "'owner'"], ["'owner'"], []]);
  return `${mark.name}(${mark.takesValue ? `[${words.join(', ')}]` : words.join(', ')})`;
}

const BOTH = '[context.getHandler(), context.getClass()]';

/** Ways to read a flag or a list in a guard that has `this.reflector`. */
const READS = {
  flag: [
    (key) => `this.reflector.getAllAndOverride<boolean>(${key}, ${BOTH})`,
    (key) => `this.reflector.getAllAndOverride<boolean>(${key}, [context.getClass(), context.getHandler()])`,
    (key) => `this.reflector.get<boolean>(${key}, context.getHandler())`,
    (key) => `this.reflector.get<boolean>(${key}, context.getClass())`,
    (key) => `this.reflector.get<boolean>(${key}, context.getHandler()) || this.reflector.get<boolean>(${key}, context.getClass())`,
    (key) => `this.reflector.getAll<boolean[]>(${key}, ${BOTH}).some(Boolean)`,
    (key) => `this.reflector.getAllAndOverride<boolean>(${key}, [context.getHandler()])`,
  ],
  list: [
    (key) => `this.reflector.getAllAndMerge<string[]>(${key}, ${BOTH})`,
    (key) => `this.reflector.getAllAndOverride<string[]>(${key}, ${BOTH})`,
    (key) => `this.reflector.get<string[]>(${key}, context.getHandler())`,
    (key) => `this.reflector.get<string[]>(${key}, context.getHandler()) ?? this.reflector.get<string[]>(${key}, context.getClass())`,
  ],
};

/** Without a type argument: what `createDecorator` gives is a key that has its own. */
function read(random, mark) {
  const text = random.pick(READS[mark.flag ? 'flag' : 'list'])(mark.key);
  return mark.takesValue ? text.replace(/<(boolean|string)(\[\])?>/g, '') : text;
}

module.exports = { marks, read, written };
