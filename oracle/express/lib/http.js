// Records every HTTP route of an application: who runs, in which order, and what a request without credentials gets.
'use strict';
const { list } = require('./routes');
const { inject } = require('./inject');
const { functionOf } = require('./trace');
const { describe } = require('./locate');

const COOKIES = ['token', 'session', 'sid', 'access_token', 'accessToken', 'refresh_token', 'refreshToken', 'auth'];

/** Gives the request headers that carry one value wherever a credential is customary. */
function credentials(value) {
  return {
    authorization: `Bearer ${value}`,
    'x-api-key': value,
    'x-auth-token': value,
    cookie: COOKIES.map((name) => `${name}=${value}`).join('; '),
  };
}

/** Records the routes of all roots; the layers of an answer are objects that `describe` made. */
async function record(loaded, version, asked, root) {
  const entries = [];
  const known = new Map();
  for (const { app, target } of loaded.roots) {
    const { routes, functions } = list(app, version, asked.samples);
    for (const fn of functions) addKnown(known, describe(fn, root));
    const handlers = new Set(routes.map((route) => route.handler));
    for (const route of routes) {
      if (isWebSocketRoute(route)) continue;
      const context = { target, asked, handlers, root };
      const answers = [];
      for (const one of byMethod(route, routes)) answers.push(await entry(one, context));
      entries.push(weakest(answers));
    }
  }
  return { entries: merged(entries), known: [...known.values()] };
}

function addKnown(known, layer) {
  known.set(JSON.stringify(layer), layer);
}

/** express-ws keeps its routes among the others, below a marker segment; they are recorded as WebSockets. */
function isWebSocketRoute(route) {
  return typeof route.path === 'string' && route.path.endsWith('/.websocket');
}

/** A log-in named by the questions is really performed; otherwise the corpus' convention `good` holds. */
async function validCredentials(target, asked) {
  const headers = { ...credentials('good'), ...asked.credentials };
  if (!asked.login) return headers;
  const answer = await inject(target, { method: asked.login.method ?? 'POST', url: asked.login.path, body: asked.login.body });
  const token = answer.body()?.[asked.login.token ?? 'token'];
  if (token) headers.authorization = `Bearer ${token}`;
  if (answer.cookies.length > 0) headers.cookie = answer.cookies.join('; ');
  return headers;
}

async function entry(route, context) {
  const id = `${route.method} ${route.path instanceof RegExp ? String(route.path) : route.path}`;
  const regex = route.path instanceof RegExp ? { regex: true } : {};
  const unknown = { id, ...regex, handler: describe(functionOf(route.handler), context.root).name };
  if (!route.sample) return { ...unknown, reached: false, reason: 'no-sample', layers: [], authentication: null };
  const runs = await ask(route, context, id);
  const handler = handlerOf(route, runs.valid);
  const base = { id, ...regex, handler: describe(functionOf(handler), context.root).name };
  if (passesOn(handler, runs.valid)) base.pass_through = true;
  const before = layersBefore(runs, handler);
  const status = { none: runs.none.status, forged: runs.forged.status, valid: runs.valid.status };
  if (!before.reached && isShadowed(runs.valid, route, context)) {
    return { ...base, reached: false, reason: 'shadowed', layers: [], authentication: null, status };
  }
  const layers = before.layers.map((layer) => describe(functionOf(layer), context.root));
  return { ...base, reached: before.reached, layers, ...verdict(runs, handler, before.reached), status };
}

/** The layer of the route that answered; the last one where none did. */
function handlerOf(route, run) {
  const last = run.ran[run.ran.length - 1];
  return route.layers.includes(last) && !isRefused(run) ? last : route.handler;
}

/** Holds for a route without a handler of its own: what it has called `next` and something else, or nothing, answered. */
function passesOn(handler, run) {
  const at = run.ran.indexOf(handler);
  return at >= 0 && (at < run.ran.length - 1 || run.unanswered());
}

async function ask(route, context, id) {
  const extra = context.asked.requests?.[id] ?? {};
  const method = extra.method ?? route.asks ?? route.method;
  const request = { method, url: extra.url ?? route.sample, body: extra.body ?? {} };
  const send = (headers, more) => inject(context.target, { ...request, headers: { ...headers, ...extra.headers }, ...more });
  return {
    none: await send({}),
    forged: await send(credentials('bad')),
    valid: await send({ ...(await validCredentials(context.target, context.asked)), ...extra.credentials }, extra.valid),
  };
}

/** A route of every method is asked with a rare one, and with the one that guards most often let pass unless another route has that. */
function byMethod(route, routes) {
  if (route.method !== 'ANY') return [route];
  const taken = routes.some((other) => other.method === 'GET' && String(other.path) === String(route.path));
  const methods = taken ? ['propfind'] : ['propfind', 'get'];
  return methods.map((method) => {
    const layers = route.layersOf(method);
    return { ...route, asks: method.toUpperCase(), layers, handler: layers[layers.length - 1] };
  });
}

/** What holds for every method is the weakest verdict; a map that tells the methods apart no further may say that it is looked at. */
function weakest(answers) {
  const order = [null, 'absent', 'observed', 'conditional', 'enforced'];
  const [first, second = first] = answers;
  if (first.authentication === second.authentication) return first;
  const weak = order.indexOf(first.authentication) < order.indexOf(second.authentication) ? first : second;
  return { ...weak, accept: [...new Set([...(weak.accept ?? [weak.authentication]), 'observed'])] };
}

/** The layers that ran before the handler, from the run that came furthest. */
function layersBefore(runs, handler) {
  for (const run of [runs.valid, runs.none, runs.forged]) {
    const at = run.ran.indexOf(handler);
    if (at >= 0) return { reached: true, layers: run.ran.slice(0, at) };
  }
  return { reached: false, layers: runs.valid.ran };
}

/** Another route answered: this one was registered too late. */
function isShadowed(run, route, context) {
  const last = run.ran[run.ran.length - 1];
  return last !== route.handler && context.handlers.has(last) && !isRefused(run);
}

function isRefused(run) {
  return run.status === 401 || run.status === 403 || (run.status >= 300 && run.status < 400 && run.location !== null);
}

function verdict(runs, handler, reached) {
  const { none, forged, valid } = runs;
  const same = none.status === valid.status && none.location === valid.location && none.ran.length === valid.ran.length;
  if (isRefused(none) && isRefused(forged) && !same) {
    const place = none.ran[none.ran.length - 1];
    return { authentication: 'enforced', refused_by: place === handler ? 'handler' : functionOf(place).name || null };
  }
  if (!reached && isRefused(valid)) return { authentication: null, reason: 'credentials-not-accepted' };
  const reads = [...new Set([...none.reads, ...forged.reads, ...valid.reads])].sort();
  if (reads.length === 0) return { authentication: 'absent' };
  if (isRefused(none) && !same) return { authentication: 'observed', accept: ['observed', 'enforced'], presence_only: true, reads };
  const onlyPackages = reads.every((read) => read.includes(': '));
  return { authentication: 'observed', ...(onlyPackages ? { accept: ['observed', 'absent'] } : {}), reads };
}

/** Routes registered twice under one id make one entry: the one that was reached. */
function merged(entries) {
  const byId = new Map();
  for (const one of entries) {
    const other = byId.get(one.id);
    if (!other) byId.set(one.id, one);
    else byId.set(one.id, { ...better(other, one), registrations: (other.registrations ?? 1) + 1 });
  }
  return [...byId.values()];
}

function better(first, second) {
  if (first.reached !== second.reached) return first.reached ? first : second;
  return second.layers.length > first.layers.length ? second : first;
}

module.exports = { record, credentials };
