// Records one application under all its environments and joins what was seen into one record.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const application = require('./application');
const http = require('./http');
const websocket = require('./websocket');

/** Gives the record of an application folder. */
async function record(dir, version, frameworkVersion) {
  const asked = application.questions(dir);
  const runs = [];
  for (const environment of application.environments(dir, asked)) {
    runs.push({ environment: nameOf(environment), ...(await once(dir, asked, version, environment)) });
  }
  return {
    schema: 'firedoor.oracle/1',
    framework: 'express',
    version: frameworkVersion,
    environments: runs.map((run) => run.environment),
    entry_points: joinEntries(runs),
    known_layers: joinKnown(runs),
  };
}

async function once(dir, asked, version, environment) {
  const loaded = await application.load(dir, asked, environment);
  try {
    const seen = await http.record(loaded, version, asked, dir);
    const sockets = await websocket.record(loaded, version, asked, dir);
    return { entries: [...seen.entries, ...sockets.entries], known: [...seen.known, ...sockets.known] };
  } finally {
    loaded.restore();
  }
}

function nameOf(environment) {
  return Object.entries(environment).map(([key, value]) => `${key}=${value ?? ''}`).join(' ');
}

function joinEntries(runs) {
  const ids = [...new Set(runs.flatMap((run) => run.entries.map((entry) => entry.id)))].sort();
  return ids.map((id) => {
    const found = runs
      .map((run) => ({ environment: run.environment, entry: run.entries.find((entry) => entry.id === id) }))
      .filter((one) => one.entry);
    const when = found.length < runs.length ? { when: found.map((one) => one.environment) } : {};
    return { ...joinOne(found), ...when };
  });
}

function joinOne(found) {
  const first = found.find((one) => one.entry.reached) ?? found[0];
  const verdicts = new Set(found.map((one) => one.entry.authentication).filter((verdict) => verdict !== null));
  const joined = { ...first.entry, layers: joinLayers(found) };
  if (verdicts.size > 1 && verdicts.has('enforced')) {
    joined.authentication = 'conditional';
    joined.verdicts = Object.fromEntries(found.map((one) => [one.environment, one.entry.authentication]));
  }
  return joined;
}

/** Joins the sequences of all environments; a layer that did not run in all of them says where it did. */
function joinLayers(found) {
  let joined = [];
  for (const { entry, environment } of found) joined = weave(joined, entry.layers, environment);
  return joined.map(({ layer, when }) => (when.length < found.length ? { ...layer, when } : layer));
}

function weave(joined, layers, environment) {
  const result = [];
  let rest = joined;
  for (const layer of layers) {
    const at = rest.findIndex((one) => sameLayer(one.layer, layer));
    if (at < 0) {
      result.push({ layer, when: [environment] });
      continue;
    }
    result.push(...rest.slice(0, at), { layer, when: [...rest[at].when, environment] });
    rest = rest.slice(at + 1);
  }
  return [...result, ...rest];
}

function sameLayer(one, other) {
  return one.name === other.name && one.file === other.file && one.line === other.line && one.package === other.package;
}

function joinKnown(runs) {
  const lines = new Set(runs.flatMap((run) => run.known.map((layer) => JSON.stringify(layer))));
  return [...lines].sort().map((line) => JSON.parse(line));
}

/** Writes a record the way it is committed: one entry point, one layer a line. */
function format(result) {
  const list = (items) => (items.length === 0 ? '[]' : `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`);
  const head = Object.entries(result)
    .filter(([key]) => key !== 'entry_points' && key !== 'known_layers')
    .map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  const lists = [`  "entry_points": ${list(result.entry_points)}`, `  "known_layers": ${list(result.known_layers)}`];
  return `{\n${[...head, ...lists].join(',\n')}\n}\n`;
}

/** Lists the application folders below a folder. */
function folders(dir) {
  return fs
    .readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(dir, entry.name))
    .sort();
}

module.exports = { record, format, folders };
