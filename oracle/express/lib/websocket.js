// Records WebSocket endpoints of `ws` and express-ws: who gets a connection, and whose messages are served.
//
// Which paths a hand-written `upgrade` handler serves, and what a message looks like, cannot be seen from outside;
// these are questions in `oracle.json`, and only the answers are recorded.
'use strict';
const capture = require('./capture');
const trace = require('./trace');
const socketio = require('./socketio');
const { list } = require('./routes');
const { load } = require('./resolve');
const { describe } = require('./locate');
const { credentials } = require('./http');

const GREETING = 100;
const REPLY = 600;

/** Records all WebSocket entry points of an application. */
async function record(loaded, version, asked, root) {
  const routes = loaded.roots.flatMap(({ app }) => list(app, version, asked.samples).routes.filter(isWebSocket));
  const endpoints = endpointsOf(loaded, asked, routes);
  if (endpoints.length === 0 && loaded.io.length === 0) return { entries: [], known: [] };
  const ports = new Map();
  for (const server of loaded.servers) {
    server.prependListener('upgrade', (req) => { if (!req.firedoorTrace) last.trace = trace.begin(req); });
    ports.set(server, await capture.open(server));
  }
  const entries = [];
  try {
    for (const endpoint of endpoints) {
      const port = endpoint.server === undefined ? [...ports.values()][0] : [...ports.values()][endpoint.server];
      entries.push(...(await endpointEntries(endpoint, port, root)));
    }
    const events = await socketio.record(loaded, [...ports.values()][0], asked, root);
    return { entries: [...entries, ...events.entries], known: events.known };
  } finally {
    for (const server of ports.keys()) closeServer(server);
  }
}

const last = { trace: null };

function isWebSocket(route) {
  return typeof route.path === 'string' && route.path.endsWith('/.websocket');
}

function closeServer(server) {
  server.closeAllConnections?.();
  server.close();
}

/** Joins what the servers say about themselves with what the questions name. */
function endpointsOf(loaded, asked, routes) {
  const endpoints = (asked.websockets ?? []).map((one) => ({ ...one }));
  const add = (path, more) => {
    const known = endpoints.find((one) => one.path === path);
    if (known) Object.assign(known, { ...more, ...known });
    else endpoints.push({ path, ...more });
  };
  for (const server of loaded.sockets) if (server.options.path) add(server.options.path, {});
  for (const route of routes) {
    const path = route.path.slice(0, -'/.websocket'.length) || '/';
    add(path, { url: route.sample.slice(0, -'/.websocket'.length) || '/', route });
  }
  return endpoints;
}

async function endpointEntries(endpoint, port, root) {
  const connection = await threeTimes(endpoint, port, null);
  const entry = { id: `WS ${endpoint.path}`, reached: true, ...layersOf(endpoint, connection, root) };
  const messages = [];
  for (const [name, payload] of Object.entries(endpoint.messages ?? {})) {
    const answers = await threeTimes(endpoint, port, payload);
    const own = verdict(answers);
    if (own.authentication === 'observed') own.accept = ['observed', 'absent'];
    messages.push({ id: `WS ${endpoint.path}#${name}`, reached: true, layers: [], layers_known: false, ...own });
  }
  const own = verdict(connection);
  const allRefused = messages.length > 0 && messages.every((message) => message.authentication === 'enforced');
  if (own.authentication !== 'enforced' && allRefused) own.authentication = 'enforced';
  return [{ ...entry, ...own }, ...messages];
}

/** Only express-ws sends connections through the layers of Express. */
function layersOf(endpoint, answers, root) {
  if (!endpoint.route) return { layers: [], layers_known: false };
  const original = (layer) => layer.handle.firedoorOriginal ?? layer.handle;
  const ran = answers.valid.ran;
  const at = ran.indexOf(endpoint.route.handler);
  const before = at < 0 ? ran : ran.slice(0, at);
  return {
    handler: describe(original(endpoint.route.handler), root).name,
    reached: at >= 0,
    layers: before.map((layer) => describe(original(layer), root)),
  };
}

async function threeTimes(endpoint, port, message) {
  const valid = { url: endpoint.url ?? endpoint.path, ...endpoint.valid };
  const forge = (value) => (value === undefined ? value : JSON.parse(JSON.stringify(value).replaceAll('good', 'bad')));
  return {
    none: await talk(port, { url: endpoint.url ?? endpoint.path, headers: endpoint.headers ?? {} }, message),
    forged: await talk(port, { ...forge(valid), headers: { ...credentials('bad'), ...endpoint.headers } }, message),
    valid: await talk(port, { ...valid, headers: { ...credentials('good'), ...endpoint.headers } }, message),
  };
}

/** Opens one connection, optionally authenticates by a first message, sends the message and waits for its fate. */
async function talk(port, { url, headers, first, protocol }, message) {
  const { WebSocket } = load('ws');
  last.trace = null;
  const socket = new WebSocket(`ws://127.0.0.1:${port}${url}`, protocol ?? [], { headers });
  const state = { opened: false, status: null, code: null, replies: [] };
  socket.on('unexpected-response', (request, response) => {
    state.status = response.statusCode;
    request.destroy();
  });
  socket.on('open', () => { state.opened = true; });
  socket.on('message', (data) => state.replies.push(String(data)));
  socket.on('close', (code) => { state.code = code; });
  socket.on('error', () => { state.code ??= 1006; });
  await until(() => state.opened || state.status !== null || state.code !== null, 1000);
  await until(() => state.code !== null, GREETING);
  if (first !== undefined) await send(socket, state, first);
  state.replies = [];
  if (message !== null) await send(socket, state, message);
  const result = { ...state, ran: last.trace?.ran ?? [], reads: last.trace?.reads ?? [] };
  socket.terminate();
  return { ...result, outcome: outcomeOf(result, message) };
}

async function send(socket, state, message) {
  if (state.code !== null || !state.opened) return;
  const before = state.replies.length;
  socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  await until(() => state.replies.length > before || state.code !== null, REPLY);
  await until(() => state.code !== null, 10);
}

function outcomeOf(state, message) {
  if (!state.opened) return state.status ? `refused ${state.status}` : 'refused';
  if (state.code !== null) return `closed ${state.code}`;
  if (message === null) return 'open';
  if (state.replies.length === 0) return 'silent';
  return state.replies.some(isRefusal) ? 'refused message' : 'answered';
}

/** Corpus convention: a refused message is answered by an object with `error`, or closes the connection. */
function isRefusal(reply) {
  try {
    const value = JSON.parse(reply);
    return Boolean(value && (value.error || value.type === 'error' || value.type === 'unauthorized'));
  } catch {
    return false;
  }
}

function verdict({ none, forged, valid }) {
  const status = { none: none.outcome, forged: forged.outcome, valid: valid.outcome };
  const served = (outcome) => outcome === 'open' || outcome === 'answered';
  if (!served(none.outcome) && !served(forged.outcome) && served(valid.outcome)) return { authentication: 'enforced', status };
  const reads = [...new Set([...none.reads, ...forged.reads, ...valid.reads])].sort();
  return reads.length > 0 ? { authentication: 'observed', reads, status } : { authentication: 'absent', status };
}

/** Waits until something holds, at most the given time. */
async function until(holds, time) {
  const end = Date.now() + time;
  while (!holds() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 2));
}

module.exports = { record, until, isRefusal };
