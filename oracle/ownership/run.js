// Runs generated Express applications and records who gets whose records.
//
//   node run.js DIR      writes DIR/*/recorded.json
//
// Each request is sent twice, by the owner and by a stranger, each time to a database in its first state. A stranger
// has got at a record if the answer tells the mark of the victim's texts, or if a row of the victim's is not as
// before, or if there is a new row below a record of the victim's.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const Module = require('node:module');
const { pathToFileURL } = require('node:url');

const MARK = 'belongs-to-the-victim';
const VICTIM = 1;
const resolve = require('../express/lib/resolve');
process.env.JWT_SECRET = 'oracle-secret-with-enough-letters-for-hs256';
for (const method of ['log', 'info', 'warn', 'error', 'debug']) console[method] = () => {};
process.on('unhandledRejection', () => {});
process.on('uncaughtException', () => {});

main(process.argv.slice(2)).then((status) => process.exit(status), (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(2);
});

async function main([folder, only]) {
  if (!folder) {
    process.stderr.write('usage: run.js DIR\n');
    return 2;
  }
  if (only) {
    await record(path.resolve(folder, only));
    return 0;
  }
  let failed = 0;
  for (const name of fs.readdirSync(folder).sort()) {
    // A process for each version of Express would do; one for each application also gives back what it holds.
    const { status, stderr } = require('node:child_process').spawnSync(process.execPath, [__filename, folder, name], { encoding: 'utf8' });
    if (status === 0) continue;
    failed++;
    process.stderr.write(`${path.join(folder, name)}: ${stderr}\n`);
  }
  return failed > 0 ? 1 : 0;
}

async function record(root) {
  const questions = JSON.parse(fs.readFileSync(path.join(root, 'ownership.json'), 'utf8'));
  const version = /\d/.exec(JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).dependencies.express)[0];
  resolve.install(version);
  standIn();
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'ownership-'));
  process.env.DATABASE_FILE = path.join(work, 'data.db');
  const Driver = resolve.load('better-sqlite3');
  const store = new Driver(process.env.DATABASE_FILE);
  store.exec('PRAGMA synchronous = OFF');
  store.exec(fs.readFileSync(path.join(root, 'schema.sql'), 'utf8'));
  const server = await started(path.join(root, questions.entry));
  const outcomes = {};
  for (const request of questions.requests) {
    const outcome = { situation: request.situation };
    for (const who of ['owner', 'stranger']) outcome[who] = await outcomeOf(store, server, questions, request, who);
    outcomes[request.id] = outcome;
  }
  const result = { schema: 'firedoor.oracle.ownership/1', framework: 'express', outcomes };
  fs.writeFileSync(path.join(root, 'recorded.json'), `${JSON.stringify(result, null, 1)}\n`);
  fs.rmSync(work, { recursive: true, force: true });
}

/** Sequelize asks for `sqlite3`, which is not installed. */
function standIn() {
  const original = Module._resolveFilename;
  Module._resolveFilename = function (request, ...rest) {
    if (request === 'sqlite3') return path.join(__dirname, 'sqlite3.js');
    return original.call(this, request, ...rest);
  };
}

async function started(file) {
  const listen = http.Server.prototype.listen;
  const server = new Promise((ready) => {
    http.Server.prototype.listen = function () {
      return listen.call(this, 0, '127.0.0.1', () => ready(this));
    };
  });
  await import(pathToFileURL(file).href);
  return server;
}

async function outcomeOf(store, server, questions, request, who) {
  fill(store, questions.seed);
  const before = victims(store, questions);
  const answer = await send(server, request.method, request[who], questions.credentials[who]);
  // What was begun and not waited for may still write.
  await new Promise((done) => setTimeout(done, 20));
  const told = answer.body.includes(MARK);
  const changed = victims(store, questions) !== before;
  return { got: told || changed, told, changed, status: answer.status };
}

function fill(store, seed) {
  store.exec('BEGIN');
  for (const table of new Set(seed.map(([name]) => name))) store.exec(`DELETE FROM ${table}`);
  for (const [table, row] of seed) {
    const names = Object.keys(row);
    store.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`).run(...Object.values(row));
  }
  store.exec('COMMIT');
}

/** Everything that is the victim's, as text. */
function victims(store, questions) {
  const parents = new Set([VICTIM, VICTIM * 10 + 1, VICTIM * 10 + 2]);
  const rows = [];
  for (const [table, columns] of Object.entries(questions.below)) {
    for (const { _metadata, ...row } of store.prepare(`SELECT * FROM ${table} ORDER BY id`).all()) {
      const isSeeded = questions.seed.some(([name, seeded]) => name === table && seeded.id === row.id && Object.values(seeded).some((value) => parents.has(value)));
      if (isSeeded || columns.some((column) => parents.has(row[column]))) rows.push([table, row]);
    }
  }
  return JSON.stringify(rows);
}

function send(server, method, { path: place, query, body }, headers) {
  const search = query ? `?${new URLSearchParams(query)}` : '';
  const text = body ? JSON.stringify(body) : '';
  const options = { host: '127.0.0.1', port: server.address().port, method, path: place + search, headers: { ...headers, ...(text ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {}) } };
  return new Promise((done) => {
    const request = http.request(options, (response) => {
      let received = '';
      response.on('data', (part) => (received += part));
      response.on('end', () => done({ status: response.statusCode, body: received }));
    });
    // A handler that has failed without an answer keeps the connection open.
    request.setTimeout(400, () => request.destroy());
    request.on('error', () => done({ status: 0, body: '' }));
    request.end(text);
  });
}
