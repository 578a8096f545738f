// Watches what an application builds while it loads: Express applications, servers, WebSocket and Socket.IO servers.
//
// Nothing is listened on. A captured server can be opened on the loopback interface afterwards, which only the
// WebSocket recordings need; HTTP requests are injected.
'use strict';
const net = require('node:net');
const { load, find } = require('./resolve');

const realListen = net.Server.prototype.listen;
const realAddress = net.Server.prototype.address;
const seen = { apps: [], listening: [], sockets: [], io: [] };

/** Forgets what was seen, before the next application is loaded. */
function reset() {
  seen.apps = [];
  seen.listening = [];
  seen.sockets = [];
  seen.io = [];
}

/** Puts the watches in place; once for each process, before any application is loaded. */
function install(version) {
  holdListen();
  watchExpress(version);
  watchWebSocketServers();
  watchSocketIo();
}

function holdListen() {
  net.Server.prototype.listen = function (...args) {
    if (this.firedoorOpened) return realListen.apply(this, args);
    seen.listening.push(this);
    const callback = args.find((argument) => typeof argument === 'function');
    if (callback) this.once('listening', callback);
    setImmediate(() => this.emit('listening'));
    return this;
  };
  net.Server.prototype.address = function () {
    return realAddress.call(this) ?? { address: '127.0.0.1', family: 'IPv4', port: 0 };
  };
}

function watchExpress(version) {
  const express = load(`express${version}`);
  const { application } = express;
  const init = application.init;
  application.init = function (...args) {
    seen.apps.push(this);
    const result = init.apply(this, args);
    this.on('mount', (parent) => {
      this.firedoorMounted = true;
      const stack = routerOf(parent).stack;
      stack[stack.length - 1].firedoorApp = this;
    });
    return result;
  };
  const router = version === '4' ? express.Router : load('router').prototype;
  keepPaths(router, 'use');
  keepPaths(router, 'route');
}

/** Notes on each layer the path as it was written, because Express 4 only keeps the regular expression made of it. */
function keepPaths(router, method) {
  const original = router[method];
  router[method] = function (...args) {
    const before = this.stack.length;
    const result = original.apply(this, args);
    const paths = firstIsPath(args[0]) ? [args[0]].flat(Infinity) : ['/'];
    for (const layer of this.stack.slice(before)) layer.firedoorPaths ??= paths;
    return result;
  };
}

function firstIsPath(argument) {
  let first = argument;
  while (Array.isArray(first) && first.length > 0) first = first[0];
  return typeof first !== 'function';
}

/** Gives the router inside an application, or null when nothing was ever registered (Express 4). */
function routerOf(app) {
  return app._router ?? (Object.getOwnPropertyDescriptor(app, 'router')?.get && safely(() => app.router)) ?? null;
}

function safely(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

function watchWebSocketServers() {
  const file = find('ws').replace(/index\.js$/, 'lib/websocket-server.js');
  const original = require(file);
  require.cache[file].exports = new Proxy(original, {
    construct(target, args, newTarget) {
      const server = Reflect.construct(target, args, newTarget);
      if (!new Error().stack.includes('engine.io')) seen.sockets.push(server);
      return server;
    },
  });
  keepExpressWsNames();
}

/** express-ws wraps each function of a route; the wrapper is given back its original. */
function keepExpressWsNames() {
  const file = find('express-ws').replace(/index\.js$/, 'lib/wrap-middleware.js');
  const wrap = require(file);
  const original = wrap.default;
  wrap.default = function (middleware) {
    const wrapped = original(middleware);
    wrapped.firedoorOriginal = middleware;
    return wrapped;
  };
}

function watchSocketIo() {
  const { Server } = load('socket.io');
  const of = Server.prototype.of;
  Server.prototype.of = function (...args) {
    if (!seen.io.includes(this)) seen.io.push(this);
    return of.apply(this, args);
  };
}

/** Opens a captured server on a free loopback port. */
function open(server) {
  server.firedoorOpened = true;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    realListen.call(server, 0, '127.0.0.1', () => resolve(realAddress.call(server).port));
  });
}

module.exports = { install, reset, seen, routerOf, open };
