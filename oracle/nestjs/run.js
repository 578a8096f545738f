// Runs NestJS applications with the real framework and records what they do.
//
//   node run.js APPDIR             prints the record of one application
//   node run.js --batch DIR        writes DIR/*/recorded.json
//   node run.js --together DIR     the same for generated applications, many in one process
//   node run.js --check DIR        compares with what DIR/*/recorded.json says
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const SHARE = 50;
const [mode, ...given] = process.argv.length > 3 ? process.argv.slice(2) : ['--one', ...process.argv.slice(2)];
if (given.length === 0) {
  process.stderr.write('usage: run.js [--batch|--together|--check] DIR\n');
  process.exit(2);
}
if (mode === '--one') {
  require('./lib/record')
    .record(path.resolve(given[0]))
    .then((text) => process.stdout.write(text, () => process.exit(0)))
    .catch((error) => {
      process.stderr.write(`oracle: ${error.stack}\n`);
      process.exit(2);
    });
} else if (mode === '--several') {
  several(given).then((failed) => process.exit(failed > 0 ? 1 : 0));
} else {
  process.exit(mode === '--together' ? together(path.resolve(given[0])) : all(path.resolve(given[0])));
}

/** Many generated applications share a process, since loading the framework takes longest; each has classes of its own. */
function together(dir) {
  const apps = fs.readdirSync(dir).sort().map((entry) => path.join(dir, entry));
  let failed = 0;
  for (let first = 0; first < apps.length; first += SHARE) {
    const run = spawnSync(process.execPath, [__filename, '--several', ...apps.slice(first, first + SHARE)], { stdio: 'inherit' });
    if (run.status !== 0) failed++;
  }
  return failed > 0 ? 1 : 0;
}

/** Records applications one after the other; gives how many could not be. */
async function several(apps) {
  const { record } = require('./lib/record');
  let failed = 0;
  for (const app of apps) {
    try {
      fs.writeFileSync(path.join(app, 'recorded.json'), await record(app));
    } catch (error) {
      failed++;
      process.stderr.write(`${app}: ${error.stack}\n`);
    }
  }
  return failed;
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
