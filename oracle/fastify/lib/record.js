// Records one application: its routes, which hooks ran before each, and who was refused.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const load = require('./load');
const trace = require('./trace');

const PATIENCE = 250;
let isInstalled = false;

/** Gives the record of an application folder, as text. */
async function record(dir, version) {
  process.env.FIREDOOR_FASTIFY = version;
  if (!isInstalled) load.install();
  isInstalled = true;
  trace.begin(dir);
  const file = path.join(dir, 'oracle.json');
  const asked = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  Object.assign(process.env, asked.environment ?? {});
  const wrapper = require('./wrapper');
  const started = new Promise((resolve) => {
    wrapper.started = resolve;
  });
  const main = ['app.js', 'app.mjs', 'server.js', 'server.mjs'].find((name) => fs.existsSync(path.join(dir, name)));
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', (error) => {
    process.stderr.write(`oracle: ${error.stack}\n`);
    process.exit(2);
  });
  await import(pathToFileURL(path.join(dir, main)).href);
  const { app, routes, listen } = await started;
  const credentials = headers(asked);
  const found = new Map();
  for (const route of routes) {
    for (const one of listed(route)) {
      if (found.has(one.id)) continue;
      found.set(one.id, one);
    }
  }
  let address = null;
  const entries = [];
  for (const route of found.values()) {
    if (route.isSocket && !address) {
      await listen();
      address = app.server.address();
    }
    entries.push(await entry(app, address, route, asked, credentials));
  }
  const layers = new Map();
  for (const layer of entries.flatMap((one) => one.layers)) layers.set(JSON.stringify(layer), layer);
  entries.sort((left, right) => (left.id < right.id ? -1 : 1));
  return format(entries, [...layers.keys()].sort(), wrapper.version);
}

/** Credentials that are right, and forged ones: a word, or a token signed with the secret that is asked for. */
function headers(asked) {
  const { createSigner } = load.inHome('fast-jwt');
  const sign = (key) => createSigner({ key })(asked.jwt.payload);
  const good = asked.jwt ? sign(asked.jwt.secret) : 'good';
  const bad = asked.jwt ? sign('not the secret at all, but another one') : 'bad';
  const of = (word) => ({ authorization: `Bearer ${word}`, 'x-api-key': word, cookie: `token=${word}` });
  const basic = (pair) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
  const more = asked.basic ? [basic('someone:bad'), basic(asked.basic)] : [{}, {}];
  return { none: {}, forged: { ...of(bad), ...more[0] }, valid: { ...of(good), ...more[1] } };
}

/** A route by each of its methods and of the paths that it takes; HEAD comes with GET. */
function listed(route) {
  const all = [].concat(route.method).filter((method) => method !== 'HEAD');
  const methods = all.length > 6 ? ['ANY'] : all;
  const optional = /^(.*)\/:(\w+)\?$/.exec(route.url);
  const urls = optional ? [optional[1] || '/', `${optional[1]}/:${optional[2]}`] : [route.url];
  return urls.flatMap((url) =>
    methods.map((method) => ({ ...route, method, url, id: `${route.isSocket ? 'WS' : method} ${template(url)}` })),
  );
}

function template(url) {
  const made = url
    .replace(/::/g, '\0')
    .replace(/:(\w+)(\([^/]*\))?/g, '{$1}')
    .replace(/\*/g, '{path*}')
    .replace(/\0/g, ':');
  return made.replace(/(.)\/$/, '$1');
}

async function entry(app, address, route, asked, credentials) {
  const question = asked.requests?.[route.id] ?? {};
  const filled = route.url.replace(/::/g, '\0').replace(/:\w+(\([^/]*\))?/g, '1').replace(/\*/g, 'some/path').replace(/\0/g, ':');
  const target = question.url ?? filled;
  const status = {};
  let seen = null;
  const reads = new Set();
  for (const kind of ['none', 'forged', 'valid']) {
    const given = { ...credentials[kind] };
    if (kind === 'valid' && asked.login) given.cookie = await logIn(app, asked.login);
    trace.take();
    status[kind] = await (route.isSocket
      ? attempt(`ws://127.0.0.1:${address.port}${target}`, given)
      : request(app, route, target, question, given));
    seen = trace.take();
    for (const read of seen.reads) reads.add(read);
  }
  // A hook that fails with status 500 has let nobody in.
  const refused = (code) => ['closed', 'refused'].includes(code) || code >= 300;
  const reached = status.valid === 'open' || status.valid < 400;
  const isEnforced = refused(status.none) && refused(status.forged) && !refused(status.valid);
  const authentication = isEnforced ? 'enforced' : reads.size > 0 ? 'observed' : 'absent';
  return {
    id: route.id,
    handler: route.handler?.name ?? null,
    reached,
    layers: seen.layers,
    authentication: reached ? authentication : null,
    ...(question.accept ? { accept: question.accept } : {}),
    ...(reads.size > 0 ? { reads: [...reads].sort() } : {}),
    status,
  };
}

/** Logs in, and gives the cookies that come with the answer. */
async function logIn(app, { path: url, body }) {
  const { cookies } = await app.inject({ method: 'POST', url, payload: body ?? {} });
  return ['token=good', ...cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`)].join('; ');
}

async function request(app, route, url, question, given) {
  const method = route.method === 'ANY' ? 'GET' : route.method;
  const hasBody = !['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(method);
  const response = await app.inject({
    method,
    url,
    headers: { ...given, ...question.headers },
    ...(hasBody ? { payload: question.body ?? {} } : {}),
  });
  return response.statusCode;
}

/** Opens a connection, and says whether it stays open. */
function attempt(url, given) {
  const { WebSocket } = load.inHome('ws');
  const socket = new WebSocket(url, { headers: given });
  return new Promise((resolve) => {
    const end = (word) => {
      resolve(word);
      socket.terminate();
    };
    socket.on('unexpected-response', (_request, response) => end(response.statusCode));
    socket.on('error', () => end('refused'));
    socket.on('close', () => end('closed'));
    socket.on('open', () => setTimeout(() => end('open'), PATIENCE));
  });
}

/** Writes a record the way it is committed: one entry point, one layer a line. */
function format(entries, layers, version) {
  const list = (items) => (items.length === 0 ? '[]' : `[\n${items.map((item) => `    ${item}`).join(',\n')}\n  ]`);
  const head = { schema: 'firedoor.oracle/1', framework: 'fastify', version, environments: ['NODE_ENV='] };
  const lines = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  lines.push(`  "entry_points": ${list(entries.map((one) => JSON.stringify(one)))}`);
  lines.push(`  "known_layers": ${list(layers)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

module.exports = { record };
