// Runs Fastify applications with the real framework and records what they do.
//
//   node run.js APPDIR [--fastify 4|5]            prints the record of one application
//   node run.js --batch DIR [--fastify 4|5]       writes DIR/*/recorded.json
//   node run.js --together DIR [--fastify 4|5]    the same for generated applications, many in one process
//   node run.js --check DIR [--fastify 4|5]       compares with what DIR/*/recorded.json says
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const SHARE = 50;
const options = { mode: '--one', fastify: '5', dir: null, apps: [] };
for (let args = process.argv.slice(2); args.length > 0; ) {
  const argument = args.shift();
  if (argument === '--fastify') options.fastify = args.shift();
  else if (['--batch', '--check', '--together', '--several'].includes(argument)) options.mode = argument;
  else options.apps.push(path.resolve(argument));
}
options.dir = options.apps.at(-1);
if (!options.dir || !['4', '5'].includes(options.fastify)) {
  process.stderr.write('usage: run.js [--batch|--together|--check] DIR [--fastify 4|5]\n');
  process.exit(2);
}
if (options.mode === '--one') {
  require('./lib/record')
    .record(options.dir, options.fastify)
    .then((text) => process.stdout.write(text, () => process.exit(0)))
    .catch((error) => {
      process.stderr.write(`oracle: ${error.stack}\n`);
      process.exit(2);
    });
} else if (options.mode === '--several') {
  several().then((failed) => process.exit(failed > 0 ? 1 : 0));
} else {
  process.exit(options.mode === '--together' ? together() : all());
}

/** Generated applications leave nothing behind, so that many can share a process. */
function together() {
  const apps = fs.readdirSync(options.dir).sort().map((entry) => path.join(options.dir, entry));
  let failed = 0;
  for (let first = 0; first < apps.length; first += SHARE) {
    const run = spawnSync(process.execPath, [__filename, '--several', '--fastify', options.fastify, ...apps.slice(first, first + SHARE)], { stdio: 'inherit' });
    if (run.status !== 0) failed++;
  }
  return failed > 0 ? 1 : 0;
}

/** Records applications one after the other; gives how many could not be. */
async function several() {
  const { record } = require('./lib/record');
  let failed = 0;
  for (const app of options.apps) {
    try {
      fs.writeFileSync(path.join(app, 'recorded.json'), await record(app, options.fastify));
    } catch (error) {
      failed++;
      process.stderr.write(`${app}: ${error.stack}\n`);
    }
  }
  return failed;
}

/** Every application has a process of its own. */
function all() {
  let failed = 0;
  for (const entry of fs.readdirSync(options.dir).sort()) {
    const app = path.join(options.dir, entry);
    if (!fs.statSync(app).isDirectory() || !isFor(app)) continue;
    const run = spawnSync(process.execPath, [__filename, app, '--fastify', options.fastify], { encoding: 'utf8' });
    const file = path.join(app, 'recorded.json');
    if (run.status !== 0) {
      failed++;
      process.stderr.write(`${app}: ${run.stderr}\n`);
    } else if (options.mode === '--batch') {
      fs.writeFileSync(file, run.stdout);
    } else if (!fs.existsSync(file) || plain(fs.readFileSync(file, 'utf8')) !== plain(run.stdout)) {
      failed++;
      process.stderr.write(`${app}: Fastify ${options.fastify} does not do what recorded.json says\n`);
    }
  }
  return failed > 0 ? 1 : 0;
}

/** The framework's own version is the only part of a record that may differ. */
function plain(text) {
  return text.replace(/"version": "[^"]*"/, '"version": ""');
}

/** An application may need one of the two versions: plugins are made for one. */
function isFor(app) {
  const file = path.join(app, 'oracle.json');
  const only = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).fastify : undefined;
  return only === undefined || String(only) === options.fastify;
}
