// A TypeScript file that is being written: its imports are collected while its body is rendered.
'use strict';

class TypeScriptFile {
  constructor(name) {
    Object.assign(this, { name, imports: new Map(), body: [] });
  }

  /** Imports a name, and gives it back. */
  use(module, name) {
    if (module === `./${this.name}`) return name;
    if (!this.imports.has(module)) this.imports.set(module, new Set());
    this.imports.get(module).add(name);
    return name;
  }

  /** Imports all names of a text that the module exports. */
  useAll(module, names, text) {
    for (const name of names) if (new RegExp(`\\b${name}\\b`).test(text)) this.use(module, name);
    return text;
  }

  text() {
    const lines = [...this.imports].map(([module, names]) => `import { ${[...names].sort().join(', ')} } from '${module}';`);
    return [...lines, '', ...this.body, ''].join('\n');
  }
}

module.exports = { TypeScriptFile };
