// Loads applications in TypeScript, with decorators and their metadata, from the pinned packages.
'use strict';
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const home = path.join(__dirname, '..', '..', '..', '.oracle', 'nestjs');
const inHome = Module.createRequire(path.join(home, 'package.json'));
const typescript = inHome('typescript');
const resolveFilename = Module._resolveFilename;

Module._resolveFilename = function (request, parent, isMain, options) {
  const isPackage = !request.startsWith('.') && !path.isAbsolute(request) && !Module.isBuiltin(request);
  const fromApp = !parent?.filename?.startsWith(path.join(home, 'node_modules'));
  if (isPackage && fromApp) return resolveFilename.call(this, request, null, isMain, { paths: [home] });
  return resolveFilename.call(this, request, parent, isMain, options);
};

Module._extensions['.ts'] = (module, filename) => {
  const { outputText } = typescript.transpileModule(fs.readFileSync(filename, 'utf8'), {
    fileName: filename,
    compilerOptions: {
      module: 'commonjs',
      target: 'es2022',
      esModuleInterop: true,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      useDefineForClassFields: false,
    },
  });
  module._compile(outputText, filename);
};

/** Gives where each class and function of an application is written, by name. */
function places(dir) {
  const found = new Map();
  for (const file of fs.readdirSync(path.join(dir, 'src')).sort()) {
    const text = fs.readFileSync(path.join(dir, 'src', file), 'utf8');
    const source = typescript.createSourceFile(file, text, typescript.ScriptTarget.Latest, true);
    const visit = (node) => {
      if ((typescript.isClassDeclaration(node) || typescript.isFunctionDeclaration(node)) && node.name) {
        const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        found.set(node.name.text, { name: node.name.text, file: `src/${file}`, line });
      }
      typescript.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

module.exports = { inHome, places };
