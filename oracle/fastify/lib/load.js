// Points the applications' packages at the pinned ones, with the chosen Fastify behind the name `fastify`.
'use strict';
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const home = path.join(__dirname, '..', '..', '..', '.oracle', 'fastify');
const inHome = Module.createRequire(path.join(home, 'package.json'));
const wrapper = path.join(__dirname, 'wrapper.js');

/** Applications get the wrapper, and the wrapper gets the framework. */
function install() {
  const original = Module._resolveFilename;
  Module._resolveFilename = function (request, parent, isMain, options) {
    const isPackage = !request.startsWith('.') && !path.isAbsolute(request) && !Module.isBuiltin(request);
    const fromPackage = parent?.filename?.startsWith(path.join(home, 'node_modules'));
    if (!isPackage || fromPackage) return original.call(this, request, parent, isMain, options);
    if (request === 'fastify') return wrapper;
    return original.call(this, request, null, isMain, { paths: [home] });
  };
  Module.register(pathToFileURL(path.join(__dirname, 'hooks.mjs')), {
    data: { home: pathToFileURL(home).href, wrapper: pathToFileURL(wrapper).href },
  });
}

module.exports = { home, inHome, install };
