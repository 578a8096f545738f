// Records one application: its routes and gateways, what ran before each, and who was refused.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { inHome, places } = require('./load');
const trace = require('./trace');
const queries = require('./queries');
const sockets = require('./sockets');

let listening = () => {};
let isPrepared = false;

/** Wraps the framework, once for all applications of this process. */
function prepare() {
  if (isPrepared) return;
  isPrepared = true;
  trace.install();
  const { NestApplication } = inHome('@nestjs/core/nest-application');
  const { NestFactory } = inHome('@nestjs/core');
  const create = NestFactory.create;
  NestFactory.create = async function (root, ...rest) {
    const options = { ...(rest.at(-1) ?? {}), logger: false };
    const app = await create.call(this, root, options);
    app.getHttpServer().prependListener('request', trace.watch);
    return app;
  };
  const listen = NestApplication.prototype.listen;
  NestApplication.prototype.listen = async function () {
    const server = await listen.call(this, 0, '127.0.0.1');
    listening(this);
    return server;
  };
}

/** Gives the record of an application folder, as text. */
async function record(dir) {
  prepare();
  const file = path.join(dir, 'oracle.json');
  const asked = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  trace.begin(places(dir));
  const credentials = headers(asked);
  const app = await start(dir);
  const address = app.getHttpServer().address();
  const base = `http://127.0.0.1:${address.port}`;
  const entries = [];
  const layers = new Map();
  for (const route of routes(app)) entries.push(await entry(base, route, asked, credentials));
  entries.push(...(await queries.entries(app, base, asked, credentials)));
  entries.push(...(await sockets.entries(base, asked, credentials)));
  for (const layer of entries.flatMap((entry) => entry.layers)) layers.set(JSON.stringify(layer), layer);
  entries.sort((left, right) => (left.id < right.id ? -1 : 1));
  await app.close();
  return format(entries, [...layers.keys()].sort());
}

/** Credentials that are right, and forged ones: a word, or a token signed with the secret that is asked for. */
function headers(asked) {
  const { JwtService } = inHome('@nestjs/jwt');
  const sign = (secret) => new JwtService({}).sign(asked.jwt.payload, { secret });
  const good = asked.jwt ? sign(asked.jwt.secret) : 'good';
  const bad = asked.jwt ? sign('not the secret at all') : 'bad';
  const of = (word) => ({ authorization: `Bearer ${word}`, 'x-api-key': word, cookie: `token=${word}` });
  return { none: {}, forged: of(bad), valid: of(good) };
}

/** Starts the application as it starts itself, on another port; gives it once it listens. */
function start(dir) {
  return new Promise((resolve, reject) => {
    listening = resolve;
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', reject);
    require(path.join(dir, 'src', 'main.ts'));
  });
}

/** Lists the routes of the router of Express, in order, each id once. */
function routes(app) {
  const { router } = app.getHttpAdapter().getInstance();
  const found = new Map();
  for (const [number, layer] of router.stack.entries()) {
    if (!layer.route || layer.route.stack.every(({ handle }) => trace.isMiddleware(handle))) continue;
    for (const one of layer.route.stack) one.handle = trace.answering(one.handle, number);
    const all = Object.keys(layer.route.methods).map((method) => method.toUpperCase());
    const methods = all.length > 10 || layer.route.methods._all ? ['ANY'] : all;
    for (const method of methods) {
      const template = layer.route.path.replace(/:(\w+)/g, '{$1}').replace(/\{?\/\*(\w+)\}?/g, '/{$1*}');
      const id = `${method} ${template}`;
      if (!found.has(id)) found.set(id, { id, method, path: layer.route.path, number });
    }
  }
  return [...found.values()];
}

/** A route for every method is asked with each of them, and is as good as the worst. */
async function entry(base, route, asked, credentials) {
  if (route.method !== 'ANY') return outcome(base, route, route.method, asked, credentials);
  const all = [];
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) all.push(await outcome(base, route, method, asked, credentials));
  const reached = all.every((one) => one.reached);
  const layers = all.map((one) => one.layers).reduce(common);
  const isSame = all.every((one) => one.layers.length === layers.length);
  const authentication = reached ? all[0].authentication : null;
  const made = { ...all[0], layers, ...(isSame ? {} : { layers_known: false }), reached, authentication };
  const verdicts = new Set(all.map((one) => one.authentication));
  if (!reached || verdicts.size === 1) return made;
  return { ...made, authentication: 'observed', accept: ['observed', ...(verdicts.has('absent') ? ['absent'] : [])] };
}

/** The layers that are in both lists, in order. */
function common(left, right) {
  const rest = [...right];
  return left.filter((layer) => {
    const index = rest.findIndex((other) => other.name === layer.name);
    if (index < 0) return false;
    rest.splice(0, index + 1);
    return true;
  });
}

async function outcome(base, route, method, asked, credentials) {
  const question = asked.requests?.[route.id] ?? {};
  const target = question.url ?? route.path.replace(/:\w+/g, '1').replace(/\*\w+/g, 'some/path');
  const status = {};
  let seen = null;
  const reads = new Set();
  for (const kind of ['none', 'forged', 'valid']) {
    const hasBody = !['GET', 'HEAD', 'DELETE'].includes(method);
    trace.take();
    const response = await fetch(base + target, {
      method,
      redirect: 'manual',
      headers: { ...credentials[kind], ...(hasBody ? { 'content-type': 'application/json' } : {}), ...question.headers },
      body: hasBody ? JSON.stringify(question.body ?? {}) : undefined,
    });
    await response.text();
    status[kind] = response.status;
    seen = trace.take();
    for (const read of seen.reads) reads.add(read);
  }
  // A guard that fails with status 500 has let nobody in.
  const refused = (code) => code >= 300;
  const isShadowed = seen.answered !== null && seen.answered !== route.number;
  const reached = status.valid < 400 && !isShadowed;
  const isEnforced = refused(status.none) && refused(status.forged) && !refused(status.valid);
  const authentication = isEnforced ? 'enforced' : reads.size > 0 ? 'observed' : 'absent';
  return {
    id: route.id,
    handler: null,
    reached,
    layers: isShadowed ? [] : seen.layers,
    authentication: reached ? authentication : null,
    ...(isShadowed ? { reason: 'shadowed' } : {}),
    ...(reads.size > 0 ? { reads: [...reads].sort() } : {}),
    status,
  };
}

/** Writes a record the way it is committed: one entry point, one layer a line. */
function format(entries, layers) {
  const version = inHome('@nestjs/core/package.json').version;
  const list = (items) => (items.length === 0 ? '[]' : `[\n${items.map((item) => `    ${item}`).join(',\n')}\n  ]`);
  const head = { schema: 'firedoor.oracle/1', framework: 'nestjs', version, environments: ['NODE_ENV='] };
  const lines = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  lines.push(`  "entry_points": ${list(entries.map((one) => JSON.stringify(one)))}`);
  lines.push(`  "known_layers": ${list(layers)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

module.exports = { record };
