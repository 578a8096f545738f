// Lets an application under test import packages from `.oracle/`, with the chosen Express behind the name `express`.
//
// The applications are never edited and have no `node_modules` of their own, so that one folder can be run with
// both Express versions; both module systems are therefore pointed at the pinned installation.
'use strict';
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const installation = path.resolve(__dirname, '../../../.oracle');

/** Routes every bare import of an application (and `express` of every package) to the pinned installation. */
function install(version) {
  const original = Module._resolveFilename;
  const options = { paths: [installation] };
  Module._resolveFilename = function (request, parent, isMain, given) {
    if (isBare(request) && !Module.isBuiltin(request)) {
      if (isExpress(request)) return original.call(this, renamed(request, version), parent, isMain, options);
      if (!fromPackage(parent)) return original.call(this, request, parent, isMain, options);
    }
    return original.call(this, request, parent, isMain, given);
  };
  Module.register(pathToFileURL(path.join(__dirname, 'hooks.mjs')), {
    data: { installation: pathToFileURL(installation).href, version },
  });
}

function isBare(request) {
  return !request.startsWith('.') && !path.isAbsolute(request) && !request.startsWith('file:');
}

function isExpress(request) {
  return request === 'express' || request.startsWith('express/');
}

function renamed(request, version) {
  return `express${version}${request.slice('express'.length)}`;
}

function fromPackage(parent) {
  return Boolean(parent && parent.filename && parent.filename.startsWith(path.join(installation, 'node_modules')));
}

/** Loads a module of the installation, as an application would. */
function load(request) {
  return require(require.resolve(request, { paths: [installation] }));
}

/** Gives the absolute file of a module of the installation. */
function find(request) {
  return require.resolve(request, { paths: [installation] });
}

module.exports = { install, load, find, installation };
