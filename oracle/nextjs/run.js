// Builds applications with the real Next.js, serves each on the loopback interface, and records who is refused.
//
//   run.js --batch DIR     every DIR/NAME is recorded in DIR/NAME/recorded.json
//   run.js --check DIR     every recording is compared with what happens now
//
// The route table and the matchers are those of the build; handlers are asked without, with forged and with valid
// credentials. What a handler looks at is not seen, so that `observed` counts as `absent`.
'use strict';

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const home = path.resolve(__dirname, '../../.oracle/nextjs');
const next = path.join(home, 'node_modules/next/dist/bin/next');
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const SEGMENTS = [['abc', 'a'], ['k3f9', 'a/b'], ['42x', 'a/b/c']];

async function main() {
  const [mode, folder, ...only] = process.argv.slice(2);
  let failed = 0;
  for (const name of fs.readdirSync(folder).sort()) {
    const root = path.join(folder, name);
    if (!fs.existsSync(path.join(root, 'package.json')) || (only.length > 0 && !only.includes(name))) continue;
    const text = render(await record(root, name));
    const file = path.join(root, 'recorded.json');
    if (mode === '--check') {
      if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
        process.stdout.write(`${root}: does something else than recorded\n`);
        failed += 1;
      }
    } else {
      fs.writeFileSync(file, text);
      process.stdout.write(`${root}: recorded\n`);
    }
  }
  process.exitCode = failed ? 1 : 0;
}

async function record(root, name) {
  const work = path.join(home, 'work', name);
  fs.rmSync(work, { recursive: true, force: true });
  fs.cpSync(root, work, { recursive: true });
  fs.rmSync(path.join(work, 'recorded.json'), { force: true });
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', TOKEN: 'good', NODE_ENV: 'production' };
  const built = spawnSync(process.execPath, [next, 'build'], { cwd: work, env, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`${root} is not built: ${built.stdout}${built.stderr}`);
  const port = 20000 + (process.pid % 20000);
  const server = spawn(process.execPath, [next, 'start', '-H', '127.0.0.1', '-p', String(port)], { cwd: work, env, stdio: 'ignore' });
  try {
    await listening(port);
    return await ask(work, port);
  } finally {
    server.kill();
    await new Promise((done) => server.once('exit', done));
    fs.rmSync(work, { recursive: true, force: true });
  }
}

async function listening(port) {
  for (let round = 0; round < 200; round += 1) {
    try {
      await send(port, 'GET', '/', {});
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  throw new Error('the server does not listen');
}

function read(work, file, missing) {
  const full = path.join(work, '.next', file);
  return fs.existsSync(full) ? JSON.parse(fs.readFileSync(full, 'utf8')) : missing;
}

/** The routes of the build that are no pages. */
function routes(work) {
  const app = Object.entries(read(work, 'app-path-routes-manifest.json', {}));
  const found = app.filter(([file]) => file.endsWith('/route')).map(([, route]) => ({ route, kind: 'app' }));
  for (const route of Object.keys(read(work, 'server/pages-manifest.json', {}))) {
    if (route === '/api' || route.startsWith('/api/')) found.push({ route, kind: 'pages' });
  }
  return found.filter(({ route }) => !route.startsWith('/_') && !route.startsWith('/favicon'));
}

/** The middleware of the build: its place in the sources, and the expressions that pick its paths. */
function middleware(work) {
  const manifest = read(work, 'server/middleware-manifest.json', { middleware: {} });
  const node = read(work, 'server/functions-config-manifest.json', { functions: {} }).functions['/_middleware'];
  const found = manifest.middleware['/'] ?? node;
  if (!found) return null;
  const files = ['middleware.js', 'proxy.js'].flatMap((name) => [`src/${name}`, name]);
  const file = files.find((name) => fs.existsSync(path.join(work, name)));
  const lines = fs.readFileSync(path.join(work, file), 'utf8').split('\n');
  const line = lines.findIndex((text) => /^export (default )?(async )?function/.test(text));
  const name = /function (\w+)/.exec(lines[line])[1];
  return { layer: { name, file, line: line + 1 }, matchers: found.matchers };
}

async function ask(work, port) {
  const layer = middleware(work);
  const base = read(work, 'routes-manifest.json', {}).basePath ?? '';
  const entries = [];
  for (const { route, kind } of routes(work)) {
    const urls = SEGMENTS.map((values) => url(route, values)).filter((one, index, all) => all.indexOf(one) === index);
    for (const method of await methods(port, base + urls[0], kind)) {
      const outcomes = [];
      for (const one of urls) outcomes.push(await outcome(port, method, base, one, layer));
      entries.push(entry(`${method} ${template(base + route)}`, outcomes, layer));
    }
  }
  const actions = read(work, 'server/server-reference-manifest.json', { node: {} }).node;
  for (const action of Object.values(actions)) {
    // Actions within components have a name that the compiler has made.
    const name = action.exportedName?.replace(/^\$\$RSC_SERVER_ACTION_\d+$/, '');
    if (name) entries.push({ id: `ACTION ${name}`, handler: name, reached: false, reason: 'not-asked', layers: [], authentication: null });
  }
  entries.sort((one, other) => (one.id < other.id ? -1 : 1));
  const version = require(path.join(home, 'node_modules/next/package.json')).version;
  const known = layer || orphan(work);
  return {
    schema: 'firedoor.oracle/1', framework: 'nextjs', version, environments: ['TOKEN=good'],
    entry_points: entries, known_layers: known ? [known.layer ?? known] : [],
  };
}

/** A file of that name that the build has not taken: its function must be in no map. */
function orphan(work) {
  for (const file of ['middleware.js', 'proxy.js']) {
    if (!fs.existsSync(path.join(work, file))) continue;
    const lines = fs.readFileSync(path.join(work, file), 'utf8').split('\n');
    const line = lines.findIndex((text) => /^export (default )?(async )?function/.test(text));
    return { name: /function (\w+)/.exec(lines[line])[1], file, line: line + 1 };
  }
  return null;
}

function url(route, [one, several]) {
  return route.replace(/\[\[?\.\.\.\w+\]\]?/g, several).replace(/\[\w+\]/g, one);
}

function template(route) {
  return route.replace(/\[\[?\.\.\.(\w+)\]\]?/g, '{$1*}').replace(/\[(\w+)\]/g, '{$1}');
}

/** The methods that are answered; a handler that answers all is one for any. */
async function methods(port, where, kind) {
  const answered = [];
  for (const method of METHODS) {
    if ((await send(port, method, where, valid)).status !== 405) answered.push(method);
  }
  return kind === 'pages' && answered.length === METHODS.length ? ['ANY'] : answered;
}

const valid = { authorization: 'Bearer good', 'x-api-key': 'good', cookie: 'token=good; session=good' };
const forged = { authorization: 'Bearer bad', 'x-api-key': 'bad', cookie: 'token=bad; session=bad' };
// A client may send any header, also those that matchers look for.
const tricks = { 'next-router-prefetch': '1', purpose: 'prefetch', 'x-user': 'u1' };

async function outcome(port, method, base, where, layer) {
  const real = method === 'ANY' ? 'GET' : method;
  const ask = async (headers) => send(port, real, base + where, headers);
  const [none, bad, good] = [await ask({}), await ask(forged), await ask(valid)];
  const tricked = await ask({ ...forged, ...tricks });
  const runs = Boolean(layer?.matchers?.some((matcher) => new RegExp(matcher.regexp).test(where) && has(matcher)));
  return { none, bad, good, tricked, runs };
}

function has(matcher) {
  return !matcher.has?.length;
}

function refused({ status, location }) {
  return status >= 400 || (status >= 300 && /log-in|sign-in|login/.test(location ?? ''));
}

function entry(id, outcomes, layer) {
  const judged = outcomes.map(({ none, bad, good, tricked }) => {
    if (refused(good)) return null;
    if (refused(none) && refused(bad)) return refused(tricked) ? 'enforced' : 'observed';
    return refused(none) ? 'presence' : 'absent';
  });
  const first = outcomes[0];
  const status = { none: first.none.status, forged: first.bad.status, valid: first.good.status };
  const made = { id, handler: null, reached: judged.every((one) => one !== null) };
  const runs = outcomes.map((one) => one.runs);
  const isOne = judged.every((one) => one === judged[0]) && runs.every((one) => one === runs[0]);
  made.layers = runs[0] && isOne ? [layer.layer] : [];
  if (!isOne || judged[0] === 'observed') made.layers_known = false;
  made.authentication = isOne ? judged[0] : 'observed';
  if (made.authentication === 'presence') {
    made.authentication = 'observed';
    made.presence_only = true;
    made.accept = ['observed', 'enforced'];
  } else if (['absent', 'observed'].includes(made.authentication)) {
    made.accept = ['absent', 'observed', ...(isOne && judged[0] === 'absent' ? [] : ['conditional'])];
  }
  made.status = status;
  return made;
}

function send(port, method, where, headers) {
  return new Promise((done, failed) => {
    const request = http.request({ host: '127.0.0.1', port, method, path: where, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => done({ status: answer.statusCode, location: answer.headers.location }));
    });
    request.on('error', failed);
    request.end();
  });
}

function render(record) {
  const { entry_points: entries, known_layers: known, ...rest } = record;
  const head = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  const list = (items) => (items.length ? `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]` : '[]');
  return `{\n${head.join('\n')}\n  "entry_points": ${list(entries)},\n  "known_layers": ${list(known)}\n}\n`;
}

main();
