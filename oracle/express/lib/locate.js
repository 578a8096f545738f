// Tells where a function was written, which JavaScript itself cannot: the debugger protocol is asked in-process.
'use strict';
const inspector = require('node:inspector');
const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { installation } = require('./resolve');

const session = new inspector.Session();
session.connect();
const scripts = new Map();
session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url));
session.post('Debugger.enable');

const known = new WeakMap();

/** Gives `{file, line}` of a function as absolute path and 1-based line, through `bind`; null for native ones. */
function locate(fn) {
  if (!known.has(fn)) known.set(fn, ask(fn));
  return known.get(fn);
}

function ask(fn) {
  globalThis.__firedoor_function = fn;
  const { result } = post('Runtime.evaluate', { expression: 'globalThis.__firedoor_function' });
  delete globalThis.__firedoor_function;
  let objectId = result.objectId;
  let place = null;
  for (let depth = 0; objectId && depth < 8; depth++) {
    const { internalProperties = [] } = post('Runtime.getProperties', { objectId, ownProperties: true });
    const location = internalProperties.find((property) => property.name === '[[FunctionLocation]]');
    if (location) {
      place = { url: scripts.get(location.value.value.scriptId) ?? '', line: location.value.value.lineNumber + 1 };
      break;
    }
    objectId = internalProperties.find((property) => property.name === '[[TargetFunction]]')?.value.objectId;
  }
  post('Runtime.releaseObject', { objectId: result.objectId });
  return place && { file: toFile(place.url), line: place.line };
}

function post(method, params) {
  let answer = {};
  session.post(method, params, (error, result) => {
    if (error) throw new Error(`${method}: ${error.message}`);
    answer = result;
  });
  return answer;
}

function toFile(url) {
  const clean = url.replace(/\?.*$/, '');
  return clean.startsWith('file:') ? fileURLToPath(clean) : clean;
}

/** Describes a function as a layer of a record: name, then either the application's file and line or the package. */
function describe(fn, root) {
  const place = locate(fn);
  const name = fn.name.replace(/^(bound )+/, '') || null;
  const modules = path.join(installation, 'node_modules') + path.sep;
  if (!place || !place.file) return { name };
  if (place.file.startsWith(modules)) return { name, package: packageOf(place.file.slice(modules.length)) };
  if (!path.isAbsolute(place.file)) return { name };
  return { name, file: path.relative(root, place.file).split(path.sep).join('/'), line: place.line };
}

function packageOf(rest) {
  const nested = rest.split(`${path.sep}node_modules${path.sep}`).pop().split(path.sep);
  const name = nested[0].startsWith('@') ? nested.slice(0, 2).join('/') : nested[0];
  return /^express[45]$/.test(name) ? 'express' : name;
}

module.exports = { locate, describe };
