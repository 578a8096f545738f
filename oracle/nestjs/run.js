// Runs NestJS applications with the real framework and records what they do.
//
//   node run.js APPDIR             prints the record of one application
//   node run.js --batch DIR        writes DIR/*/recorded.json
//   node run.js --check DIR        compares with what DIR/*/recorded.json says
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const [mode, given] = process.argv.length > 3 ? process.argv.slice(2) : ['--one', process.argv[2]];
if (!given) {
  process.stderr.write('usage: run.js [--batch|--check] DIR\n');
  process.exit(2);
}
if (mode === '--one') {
  require('./lib/record')
    .record(path.resolve(given))
    .then((text) => process.stdout.write(text, () => process.exit(0)))
    .catch((error) => {
      process.stderr.write(`oracle: ${error.stack}\n`);
      process.exit(2);
    });
} else {
  process.exit(all(path.resolve(given)));
}

/** Every application has a process of its own: decorators leave their marks in it. */
function all(dir) {
  let failed = 0;
  for (const entry of fs.readdirSync(dir).sort()) {
    const app = path.join(dir, entry);
    if (!fs.statSync(app).isDirectory()) continue;
    const run = spawnSync(process.execPath, [__filename, app], { encoding: 'utf8' });
    const file = path.join(app, 'recorded.json');
    if (run.status !== 0) {
      failed++;
      process.stderr.write(`${app}: ${run.stderr}\n`);
    } else if (mode === '--batch') {
      fs.writeFileSync(file, run.stdout);
    } else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== run.stdout) {
      failed++;
      process.stderr.write(`${app}: NestJS does not do what recorded.json says\n`);
    }
  }
  return failed > 0 ? 1 : 0;
}
