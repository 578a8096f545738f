// Runs Express applications with the real framework and records what they do.
//
//   node run.js APPDIR [--express 4|5]            prints the record of one application
//   node run.js --batch DIR [--express 4|5]       writes DIR/*/recorded.json
//   node run.js --check DIR [--express 4|5]       compares with what DIR/*/recorded.json says
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const options = parse(process.argv.slice(2));
const resolve = require('./lib/resolve');
resolve.install(options.express);
require('./lib/capture').install(options.express);
require('./lib/trace').install(options.express);
const { record, format, folders } = require('./lib/record');
const frameworkVersion = resolve.load(`express${options.express}/package.json`).version;
for (const method of ['log', 'info', 'warn', 'error', 'debug']) console[method] = () => {};
process.on('unhandledRejection', () => {});
process.on('uncaughtException', (error) => process.stderr.write(`oracle: ${error.stack}\n`));

main().then((status) => process.exit(status), (error) => {
  process.stderr.write(`oracle: ${error.stack}\n`);
  process.exit(2);
});

function parse(args) {
  const parsed = { express: '4', mode: 'one', dir: null };
  while (args.length > 0) {
    const argument = args.shift();
    if (argument === '--express') parsed.express = args.shift();
    else if (argument === '--batch') parsed.mode = 'batch';
    else if (argument === '--check') parsed.mode = 'check';
    else parsed.dir = path.resolve(argument);
  }
  if (!parsed.dir || !['4', '5'].includes(parsed.express)) {
    process.stderr.write('usage: run.js [--batch|--check] DIR [--express 4|5]\n');
    process.exit(2);
  }
  return parsed;
}

async function main() {
  if (options.mode === 'one') {
    process.stdout.write(format(await record(options.dir, options.express, frameworkVersion)));
    return 0;
  }
  let failed = 0;
  for (const dir of folders(options.dir)) {
    if (!isFor(dir)) continue;
    try {
      const result = format(await record(dir, options.express, frameworkVersion));
      if (options.mode === 'batch') fs.writeFileSync(path.join(dir, 'recorded.json'), result);
      else if (!agrees(dir, result)) failed++;
    } catch (error) {
      failed++;
      process.stderr.write(`${dir}: ${error.stack}\n`);
    }
  }
  return failed > 0 ? 1 : 0;
}

/** An application may need one of the two versions. */
function isFor(dir) {
  const file = path.join(dir, 'oracle.json');
  const only = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).express : undefined;
  return only === undefined || String(only) === options.express;
}

/** The framework's own version is the only part of a record that may differ. */
function agrees(dir, result) {
  const file = path.join(dir, 'recorded.json');
  const committed = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  const plain = (text) => text.replace(/"version": "[^"]*"/, '"version": ""');
  if (plain(committed) === plain(result)) return true;
  process.stderr.write(`${dir}: express ${frameworkVersion} does not do what recorded.json says\n${firstDifference(committed, result)}\n`);
  return false;
}

function firstDifference(committed, result) {
  const old = committed.split('\n');
  const now = result.split('\n');
  const at = now.findIndex((line, index) => line !== old[index] && !line.includes('"version"'));
  return `  recorded: ${old[at] ?? ''}\n  now:      ${now[at] ?? ''}`;
}
