// Notes which layers run for a request, in the order in which they run, and which credentials they read.
//
// The hook sits where Express itself calls a layer, so arity, names and error handling stay what they are.
'use strict';
const path = require('node:path');
const { AsyncLocalStorage } = require('node:async_hooks');
const { find } = require('./resolve');
const { describe } = require('./locate');

const CREDENTIAL_HEADERS = new Set(['authorization', 'x-api-key', 'x-auth-token', 'x-access-token', 'cookie']);
const CREDENTIAL_COOKIES = /^(token|session|sid|auth|access_?token|refresh_?token|jwt|user)$/i;
const SESSION_PLUMBING = new Set([
  'cookie', 'id', 'req', 'toJSON', 'save', 'touch', 'reload', 'regenerate', 'destroy', 'resetMaxAge', 'then', 'constructor',
]);
const IDENTITY_PACKAGES = new Set(['passport', 'express-jwt']);

const traces = new AsyncLocalStorage();

/** Puts the hooks in place; once for each process. */
function install(version) {
  if (version === '4') {
    const Layer = require(path.join(path.dirname(find('express4')), 'lib/router/layer.js'));
    hook(Layer.prototype, 'handle_request', 'handle_error');
    hookParams(require(path.join(path.dirname(find('express4')), 'lib/router/index.js')));
    return;
  }
  const router = find('router');
  const Layer = require(path.join(path.dirname(router), 'lib/layer.js'));
  hook(Layer.prototype, 'handleRequest', 'handleError');
  hookParams(require(router).prototype);
}

function hook(prototype, request, error) {
  const handleRequest = prototype[request];
  prototype[request] = function (req, res, next) {
    if (this.handle.length <= 3) note(req, this);
    return handleRequest.call(this, req, res, next);
  };
  const handleError = prototype[error];
  prototype[error] = function (failure, req, res, next) {
    if (this.handle.length === 4) note(req, this);
    return handleError.call(this, failure, req, res, next);
  };
}

/** A callback of `param` is a layer too: it stands between the outside and the handler. */
function hookParams(prototype) {
  const param = prototype.param;
  prototype.param = function (name, fn) {
    if (typeof fn !== 'function') return param.call(this, name, fn);
    const traced = function (req, res, next, value, key) {
      note(req, { handle: fn });
      return fn.call(this, req, res, next, value, key);
    };
    traced.firedoorOriginal = fn;
    return param.call(this, name, traced);
  };
}

function note(req, layer) {
  const trace = req.firedoorTrace ?? traces.getStore();
  if (!trace || isPlumbing(layer)) return;
  trace.ran.push(layer);
}

/** Holds for what Express itself puts into the stack: dispatchers, routers, mounted applications, `query`, `init`. */
function isPlumbing(layer) {
  const { handle } = layer;
  if (layer.route || Array.isArray(handle.stack) || layer.firedoorApp) return true;
  if (handle.name !== 'query' && handle.name !== 'expressInit' && handle.name !== 'mounted_app') return false;
  return describe(handle, '/').package === 'express';
}

/** Gives the function that a layer stands for. */
function functionOf(layer) {
  return layer.handle.firedoorOriginal ?? layer.handle;
}

/** Starts the trace of one request and makes the request's credentials tell when they are read. */
function begin(req) {
  const trace = { ran: [], reads: [] };
  req.firedoorTrace = trace;
  req.headers = watched(req.headers, (key) => noteHeader(trace, key));
  watchProperty(req, 'cookies', (key) => noteCookie(trace, key));
  watchProperty(req, 'signedCookies', (key) => noteCookie(trace, key));
  watchProperty(req, 'session', (key) => noteSession(trace, key));
  return trace;
}

function watched(target, onRead) {
  if (typeof target !== 'object' || target === null) return target;
  return new Proxy(target, {
    get(object, key, receiver) {
      if (typeof key === 'string') onRead(key);
      return Reflect.get(object, key, receiver);
    },
  });
}

function watchProperty(req, name, onRead) {
  let value;
  Object.defineProperty(req, name, {
    configurable: true,
    enumerable: true,
    get: () => value,
    set: (given) => {
      value = watched(given, onRead);
    },
  });
}

function noteHeader(trace, key) {
  const name = key.toLowerCase();
  if (!CREDENTIAL_HEADERS.has(name)) return;
  const source = currentPackage(trace);
  if (source && (name === 'cookie' || !IDENTITY_PACKAGES.has(source))) return;
  noteRead(trace, source, `header ${name}`);
}

function noteCookie(trace, key) {
  if (CREDENTIAL_COOKIES.test(key) && !currentPackage(trace)) noteRead(trace, null, `cookie ${key}`);
}

/** express-session itself looks at the session again when the response ends, whichever layer runs then. */
function noteSession(trace, key) {
  if (SESSION_PLUMBING.has(key) || readerFile().includes('express-session')) return;
  const source = currentPackage(trace);
  if (key === 'passport' || !source) noteRead(trace, source, `session ${key}`);
}

/** The file whose code reads a watched property: the first frame outside this folder and outside the engine. */
function readerFile() {
  const frames = new Error().stack.split('\n').slice(1);
  return frames.find((frame) => /[(\s](\/|file:)/.test(frame) && !frame.includes(__dirname)) ?? '';
}

/** The package of the layer that runs now, null when it is the application's own code. */
function currentPackage(trace) {
  const layer = trace.ran[trace.ran.length - 1];
  return layer ? describe(functionOf(layer), '/').package ?? null : null;
}

/** A read by a package (passport, express-jwt) is marked with its name. */
function noteRead(trace, source, what) {
  const text = source ? `${source}: ${what}` : what;
  if (!trace.reads.includes(text)) trace.reads.push(text);
}

module.exports = { install, begin, traces, functionOf, isPlumbing };
