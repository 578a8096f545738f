// Walks the real router stacks of an application and lists its routes, in the order of registration.
'use strict';
const { routerOf } = require('./capture');
const { templates, join, sample } = require('./template');
const { isPlumbing, functionOf } = require('./trace');

/** Lists `{method, path, layers, handler, sample}` for every route below an application. */
function list(app, version, samples) {
  const routes = [];
  const functions = new Set();
  walk(routerOf(app), '', { version, samples, routes, functions, depth: 0 });
  return { routes, functions: [...functions] };
}

function walk(router, prefix, state) {
  if (!router || state.depth > 12) return;
  for (const callbacks of Object.values(router.params ?? {})) {
    for (const callback of callbacks) state.functions.add(callback.firedoorOriginal ?? callback);
  }
  for (const layer of router.stack) {
    for (const path of layer.firedoorPaths ?? ['/']) {
      for (const template of templates(path, state.version)) visit(layer, join(prefix, template), state);
    }
  }
}

function visit(layer, path, state) {
  if (layer.route) return addRoute(layer.route, path, state);
  const inner = Array.isArray(layer.handle.stack) ? layer.handle : layer.firedoorApp && routerOf(layer.firedoorApp);
  if (inner) return walk(inner, path instanceof RegExp ? '' : path, { ...state, depth: state.depth + 1 });
  if (!isPlumbing(layer)) state.functions.add(functionOf(layer));
  return undefined;
}

function addRoute(route, path, state) {
  const layersOf = (method) => route.stack.filter((layer) => !layer.method || layer.method === method);
  for (const layer of route.stack) state.functions.add(functionOf(layer));
  for (const method of methodsOf(route)) {
    const layers = layersOf(method || 'propfind');
    state.routes.push({
      method: method ? method.toUpperCase() : 'ANY',
      path,
      layers,
      layersOf,
      handler: layers[layers.length - 1],
      sample: sampleOf(path, state),
    });
  }
}

/** `app.all` registers a route for each method that Node knows; that is `ANY`. */
function methodsOf(route) {
  const methods = new Set(route.stack.map((layer) => layer.method ?? ''));
  return methods.size > 20 ? [''] : methods;
}

function sampleOf(path, state) {
  const given = state.samples?.[String(path)];
  if (given) return given;
  return path instanceof RegExp ? null : sample(path);
}

module.exports = { list };
