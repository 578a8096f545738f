// Records Socket.IO namespaces and events: which middleware stands before them and who is served.
'use strict';
const path = require('node:path');
const { load, find } = require('./resolve');
const { describe } = require('./locate');
const { credentials } = require('./http');

const PATIENCE = 400;
const OWN_EVENTS = new Set(['error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']);
const started = { events: [] };
const connected = new Map();
const reads = new Set();

/** Makes the server's sockets tell which event handlers start; once for each process. */
function install() {
  const { Socket } = require(path.join(path.dirname(find('socket.io')), 'socket.js'));
  for (const method of ['on', 'once']) {
    const original = Socket.prototype[method];
    Socket.prototype[method] = function (event, handler) {
      if (OWN_EVENTS.has(event)) return original.call(this, event, handler);
      const traced = function (...args) {
        started.events.push(event);
        return handler.apply(this, args);
      };
      traced.firedoorOriginal = handler;
      return original.call(this, event, traced);
    };
  }
}
install();

/** Records every namespace and event of the captured Socket.IO servers. */
async function record(loaded, port, asked, root) {
  const entries = [];
  const known = new Map();
  for (const io of loaded.io) {
    for (const [name, namespace] of io._nsps) {
      if (namespace.listeners('connection').length === 0 && namespace._fns.length === 0) continue;
      namespace.on('connection', (socket) => connected.set(name, socket));
      for (const fn of namespace._fns) known.set(fn, describe(fn, root));
      entries.push(...(await namespaceEntries(namespace, port, asked, root)));
    }
  }
  return { entries, known: [...known.values()] };
}

async function namespaceEntries(namespace, port, asked, root) {
  const questions = asked.socketio?.[namespace.name] ?? {};
  const before = namespace._fns.map((fn) => describe(fn, root));
  namespace._fns.unshift(watchHandshake);
  connected.delete(namespace.name);
  const connection = await threeTimes(namespace, port, null, questions);
  const entries = [{ id: `WS ${namespace.name}`, reached: true, layers: before, ...verdict(connection) }];
  const server = connected.get(namespace.name);
  if (!server) return entries;
  const layers = [...before, ...server.fns.map((fn) => describe(fn, root))];
  const handlers = server.eventNames().filter((event) => !OWN_EVENTS.has(event));
  for (const event of handlers) {
    const payload = questions.events?.[event] ?? {};
    const answers = await threeTimes(namespace, port, { event, payload }, questions);
    const handler = describe(server.listeners(event)[0].firedoorOriginal, root).name;
    entries.push({ id: `WS ${namespace.name}#${event}`, handler, reached: true, layers, ...softened(verdict(answers)) });
  }
  return entries;
}

/** Whether an event of a connection whose identity was looked at counts as looking at it is a matter of taste. */
function softened(own) {
  return own.authentication === 'observed' ? { ...own, accept: ['observed', 'absent'] } : own;
}

/** Makes a handshake tell when its credentials are read. */
function watchHandshake(socket, next) {
  for (const part of ['auth', 'query', 'headers']) {
    socket.handshake[part] = new Proxy(socket.handshake[part], {
      get(target, key) {
        if (/^(token|authorization|cookie)$/.test(String(key))) reads.add(`handshake ${part}.${String(key)}`);
        return target[key];
      },
    });
  }
  next();
}

async function threeTimes(namespace, port, message, questions) {
  reads.clear();
  const none = await talk(namespace.name, port, {}, message);
  const forged = await talk(namespace.name, port, options('bad', questions), message);
  const valid = await talk(namespace.name, port, options('good', questions), message);
  return { none, forged, valid };
}

function options(value, questions) {
  return { auth: { token: value }, query: { token: value }, extraHeaders: credentials(value), before: questions.before };
}

async function talk(name, port, { auth, query, extraHeaders, before }, message) {
  const { io } = load('socket.io-client');
  const { until } = require('./websocket');
  const settings = { transports: ['websocket'], reconnection: false, forceNew: true };
  const client = io(`http://127.0.0.1:${port}${name}`, { ...settings, auth, query, extraHeaders });
  const state = { outcome: null, error: false, ack: undefined };
  client.on('connect', () => { state.outcome ??= 'open'; });
  client.on('connect_error', () => { state.outcome = 'refused'; });
  client.on('disconnect', () => { state.outcome = 'closed'; });
  for (const event of ['error', 'unauthorized']) client.on(event, () => { state.error = true; });
  await until(() => state.outcome !== null, 1000);
  await until(() => state.outcome === 'closed', 100);
  if (before && state.outcome === 'open') {
    client.emit(before.event, JSON.parse(JSON.stringify(before.payload ?? {}).replaceAll('good', auth?.token ?? 'none')));
    await until(() => state.outcome === 'closed', 100);
    state.error = false;
  }
  started.events = [];
  if (message && state.outcome === 'open') await emit(client, state, message, until);
  const outcome = outcomeOf(state, message);
  client.disconnect();
  return { outcome };
}

async function emit(client, state, { event, payload }, until) {
  client.emit(event, payload, (answer) => { state.ack = answer ?? null; });
  await until(() => state.ack !== undefined || state.error || state.outcome !== 'open', PATIENCE);
}

function outcomeOf(state, message) {
  if (state.outcome !== 'open') return state.outcome ?? 'refused';
  if (!message) return 'open';
  if (!started.events.includes(message.event)) return 'stopped before the handler';
  return state.error || state.ack?.error ? 'refused message' : 'answered';
}

function verdict({ none, forged, valid }) {
  const status = { none: none.outcome, forged: forged.outcome, valid: valid.outcome };
  const served = (outcome) => outcome === 'open' || outcome === 'answered';
  if (!served(none.outcome) && !served(forged.outcome) && served(valid.outcome)) return { authentication: 'enforced', status };
  if (reads.size > 0) return { authentication: 'observed', reads: [...reads].sort(), status };
  return { authentication: 'absent', status };
}

module.exports = { record };
