// Runs Fastify applications with the real framework and records what they do.
//
//   node run.js APPDIR [--fastify 4|5]            prints the record of one application
//   node run.js --batch DIR [--fastify 4|5]       writes DIR/*/recorded.json
//   node run.js --check DIR [--fastify 4|5]       compares with what DIR/*/recorded.json says
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const options = { mode: '--one', fastify: '5', dir: null };
for (let args = process.argv.slice(2); args.length > 0; ) {
  const argument = args.shift();
  if (argument === '--fastify') options.fastify = args.shift();
  else if (argument === '--batch' || argument === '--check') options.mode = argument;
  else options.dir = path.resolve(argument);
}
if (!options.dir || !['4', '5'].includes(options.fastify)) {
  process.stderr.write('usage: run.js [--batch|--check] DIR [--fastify 4|5]\n');
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
} else {
  process.exit(all());
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
