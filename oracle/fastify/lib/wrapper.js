// What applications get as `fastify`: the real one, whose hooks and handlers note that they run.
'use strict';
const trace = require('./trace');
const { inHome } = require('./load');

const real = inHome(`fastify${process.env.FIREDOOR_FASTIFY}`);
const TRACED = ['onRequest', 'preParsing', 'preValidation', 'preHandler'];

/** Makes an application; the first one that listens is recorded. */
function fastify(options = {}) {
  const own = options.rewriteUrl;
  const app = real({
    ...options,
    logger: false,
    rewriteUrl(request) {
      trace.watch(request);
      return own ? own.call(this, request) : request.url;
    },
  });
  const routes = [];
  const addHook = app.addHook;
  app.addHook = function (name, hook) {
    return addHook.call(this, name, TRACED.includes(name) ? trace.noted(hook) : name === 'onRoute' ? noting(hook) : hook);
  };
  addHook.call(app, 'onRoute', (route) => {
    routes.push({ url: route.url, method: route.method, isSocket: Boolean(route.websocket || route.wsHandler), handler: trace.describe(route.handler) });
    note(route);
  });
  const listen = app.listen;
  app.listen = async function () {
    await this.ready();
    fastify.started({ app, routes, listen: () => listen.call(app, { port: 0, host: '127.0.0.1' }) });
    return 'http://127.0.0.1';
  };
  return app;
}

function note(route) {
  for (const name of TRACED) {
    if (Array.isArray(route[name])) route[name] = route[name].map(trace.noted);
    else if (route[name]) route[name] = trace.noted(route[name]);
  }
}

/** What the application's own hooks of registration add to a route is noted, too. */
function noting(hook) {
  return function (route) {
    const made = hook.call(this, route);
    note(route);
    return made;
  };
}

module.exports = fastify;
module.exports.fastify = fastify;
module.exports.default = fastify;
module.exports.version = inHome(`fastify${process.env.FIREDOOR_FASTIFY}/package.json`).version;
