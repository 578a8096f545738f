// Notes which functions of the application run, in order, and what they look at.
'use strict';
const path = require('node:path');
const { locate } = require('../../express/lib/locate');

const ran = [];
const reads = new Set();
const proxies = new WeakSet();
let root = '';

function begin(dir) {
  root = dir;
}

/** Describes a function of the application; null for one of a package. */
function describe(fn) {
  const place = typeof fn === 'function' ? locate(fn) : null;
  if (!place?.file?.startsWith(root + path.sep)) return null;
  const name = fn.name.replace(/^(bound )+/, '') || null;
  return { name, file: path.relative(root, place.file).split(path.sep).join('/'), line: place.line };
}

/** Gives a function of the same kind and length that notes that it runs. */
function noted(fn) {
  const described = typeof fn === 'function' && !proxies.has(fn) ? describe(fn) : null;
  if (!described) return fn;
  const proxy = new Proxy(fn, {
    apply(target, self, given) {
      ran.push(described);
      return Reflect.apply(target, self, given);
    },
  });
  proxies.add(proxy);
  return proxy;
}

/** Notes what of a request is looked at that may be a credential. */
function watch(request) {
  const credentials = ['authorization', 'x-api-key', 'x-token'];
  const own = request.headers;
  const proxy = new Proxy(own, {
    get(target, key) {
      if (credentials.includes(key)) reads.add(`header ${key}`);
      return target[key];
    },
  });
  Object.defineProperty(request, 'headers', { value: proxy, writable: true, configurable: true });
}

function take() {
  const taken = { layers: ran.splice(0), reads: [...reads].sort() };
  reads.clear();
  return taken;
}

module.exports = { begin, describe, noted, watch, take };
