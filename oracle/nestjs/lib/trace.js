// Notes which guards, interceptors and middleware of the application run, in order.
'use strict';
const { inHome } = require('./load');

const ran = [];
const reads = new Set();
const betweens = new WeakSet();
let places = new Map();
let answered = null;

function begin(known) {
  places = known;
}

function note(name) {
  if (places.has(name)) ran.push(places.get(name));
}

/** Wraps what the framework is about to run. */
function install() {
  const { GuardsConsumer } = inHome('@nestjs/core/guards/guards-consumer');
  const tryActivate = GuardsConsumer.prototype.tryActivate;
  GuardsConsumer.prototype.tryActivate = function (guards, ...rest) {
    const noted = guards.map((guard) => ({
      canActivate(context) {
        note(guard.constructor.name);
        return guard.canActivate(context);
      },
    }));
    return tryActivate.call(this, noted, ...rest);
  };
  const { InterceptorsConsumer } = inHome('@nestjs/core/interceptors/interceptors-consumer');
  const intercept = InterceptorsConsumer.prototype.intercept;
  InterceptorsConsumer.prototype.intercept = function (interceptors, ...rest) {
    const noted = interceptors.map((interceptor) => ({
      intercept(context, next) {
        note(interceptor.constructor.name);
        return interceptor.intercept(context, next);
      },
    }));
    return intercept.call(this, noted, ...rest);
  };
  const { MiddlewareBuilder } = inHome('@nestjs/core/middleware/builder');
  const apply = MiddlewareBuilder.prototype.apply;
  MiddlewareBuilder.prototype.apply = function (...middleware) {
    return apply.call(this, ...middleware.flat().map(noted));
  };
  const { ExpressAdapter } = inHome('@nestjs/platform-express');
  const createMiddlewareFactory = ExpressAdapter.prototype.createMiddlewareFactory;
  ExpressAdapter.prototype.createMiddlewareFactory = function (method) {
    const register = createMiddlewareFactory.call(this, method);
    return (where, handle) => {
      betweens.add(handle);
      return register(where, handle);
    };
  };
  const { NestApplication } = inHome('@nestjs/core/nest-application');
  const use = NestApplication.prototype.use;
  NestApplication.prototype.use = function (...given) {
    return use.call(this, ...given.map((one) => (typeof one === 'function' ? noted(one) : one)));
  };
}

function noted(middleware) {
  if (middleware.prototype?.use) {
    const own = middleware.prototype.use;
    if (!own.isNoted) {
      middleware.prototype.use = function (...given) {
        note(this.constructor.name);
        return own.apply(this, given);
      };
      middleware.prototype.use.isNoted = true;
    }
    return middleware;
  }
  return function (request, response, next) {
    note(middleware.name);
    return middleware(request, response, next);
  };
}

/** Middleware for one method is a route of the router, too. */
function isMiddleware(handle) {
  return betweens.has(handle);
}

/** Notes which route of the router it is that answers. */
function answering(handle, number) {
  return (request, response, next) => {
    answered = number;
    return handle(request, response, next);
  };
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
  const taken = { layers: ran.splice(0), reads: [...reads].sort(), answered };
  reads.clear();
  answered = null;
  return taken;
}

module.exports = { answering, begin, install, isMiddleware, watch, take };
