// Loads one application folder under one environment and finds what it built.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const capture = require('./capture');

const ENTRIES = ['server.js', 'app.js', 'index.js', 'app.mjs', 'server.mjs', 'src/server.js', 'src/app.js', 'src/index.js'];
const ENVIRONMENTS = [{ NODE_ENV: 'production' }, { NODE_ENV: 'development' }, { NODE_ENV: 'test' }];
let run = 0;

/** Reads the questions beside an application: credentials, bodies, samples, environments, WebSocket messages. */
function questions(dir) {
  const file = path.join(dir, 'oracle.json');
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
}

/** Lists the environments to run under; one is enough for an application that never looks at its environment. */
function environments(dir, asked) {
  if (asked.environments) return asked.environments;
  return sources(dir).some((file) => fs.readFileSync(file, 'utf8').includes('process.env')) ? ENVIRONMENTS : ENVIRONMENTS.slice(0, 1);
}

function sources(dir) {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) return sources(file);
    return /\.[cm]?js$/.test(entry.name) ? [file] : [];
  });
}

/** Loads the application and gives `{roots, servers, sockets, io}`; each root has an `app` and a `target` to send to. */
async function load(dir, asked, environment) {
  capture.reset();
  const restore = setEnvironment(environment);
  try {
    forget(dir);
    const exported = await evaluate(path.join(dir, asked.entry ?? entryOf(dir)));
    await settle(exported);
    const { seen } = capture;
    const servers = [...seen.listening];
    return { roots: rootsOf(seen, servers, exported), servers, sockets: [...seen.sockets], io: [...seen.io], restore };
  } catch (error) {
    restore();
    throw error;
  }
}

function setEnvironment(environment) {
  const before = {};
  for (const [key, value] of Object.entries(environment)) {
    before[key] = process.env[key];
    if (value === null) delete process.env[key];
    else process.env[key] = value;
  }
  return () => {
    for (const [key, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  };
}

function forget(dir) {
  const prefix = dir + path.sep;
  for (const file of Object.keys(require.cache)) {
    if (file.startsWith(prefix)) delete require.cache[file];
  }
}

function entryOf(dir) {
  const entry = ENTRIES.find((name) => fs.existsSync(path.join(dir, name)));
  if (!entry) throw new Error(`no entry file in ${dir}`);
  return entry;
}

async function evaluate(file) {
  run++;
  if (isEsm(file)) return import(`${pathToFileURL(file).href}?run=${run}`);
  return require(file);
}

function isEsm(file) {
  if (file.endsWith('.mjs')) return true;
  if (file.endsWith('.cjs')) return false;
  for (let dir = path.dirname(file); dir !== path.dirname(dir); dir = path.dirname(dir)) {
    const manifest = path.join(dir, 'package.json');
    if (fs.existsSync(manifest)) return JSON.parse(fs.readFileSync(manifest, 'utf8')).type === 'module';
  }
  return false;
}

/** Waits for an application that starts asynchronously, at most for half a second. */
async function settle(exported) {
  await (exported?.ready ?? exported);
  for (let turn = 0; turn < 50; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (capture.seen.listening.length > 0 || exportedApp(exported)) return;
    if (turn > 5) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function exportedApp(exported) {
  const candidates = [exported, exported?.app, exported?.default, exported?.default?.app];
  return candidates.find((candidate) => capture.seen.apps.includes(candidate)) ?? null;
}

function rootsOf(seen, servers, exported) {
  const roots = [];
  for (const server of servers) {
    const target = (req, res) => server.emit('request', req, res);
    const direct = server.listeners('request').filter((listener) => seen.apps.includes(listener));
    for (const app of direct) roots.push({ app, target, server });
  }
  if (roots.length > 0) return roots;
  const app = exportedApp(exported);
  if (app) return [{ app, target: app }];
  return seen.apps.filter((candidate) => !candidate.firedoorMounted).map((candidate) => ({ app: candidate, target: candidate }));
}

module.exports = { questions, environments, load };
