// Asks a running board what it does, and compares that with expected.json.
//
//   node observe.mjs http://127.0.0.1:3000 ws|socket.io
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const [base, sockets] = process.argv.slice(2);
const require = createRequire(path.join(process.cwd(), 'package.json'));
const password = 'correct horse';
const forged = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.bWFkZSB1cA';

const expected = JSON.parse(fs.readFileSync(new URL('expected.json', import.meta.url), 'utf8'));
const owner = await member('owner');
const other = await member('other');
const note = (await ask('POST', '/notes', owner, { text: 'mine' })).body.id;
const wrong = [];
for (const entry of expected.entry_points) {
  const seen = entry.id.startsWith('WS ') ? await observeSocket(entry.id) : await observe(entry.id);
  for (const [control, verdict] of Object.entries(seen)) {
    const wanted = entry[control] ?? 'absent';
    if (verdict !== wanted) wrong.push(`${entry.id}: ${control} is ${verdict}, expected ${wanted}`);
  }
}
console.log(wrong.length ? wrong.join('\n') : `${expected.entry_points.length} entry points do what is expected`);
process.exit(wrong.length ? 1 : 0);

async function member(name) {
  const credentials = { email: `${name}@example.org`, password };
  await ask('POST', '/register', null, credentials);
  const { body } = await ask('POST', '/login/app', null, credentials);
  if (!body?.token) throw new Error(`${name} cannot log in: ${JSON.stringify(body)}`);
  return body.token;
}

async function ask(method, url, token, body) {
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': 'application/json' }) };
  const answer = await fetch(base + url, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = text;
  }
  return { status: answer.status, body: parsed };
}

async function observe(id) {
  const [method, template] = id.split(' ');
  const door = (given) => template.replace('{id}', given);
  const body = bodyFor(method, template);
  const isLogin = template.startsWith('/login');
  // A record that is not there, so that nothing is lost by asking.
  const [none, bad] = [await ask(method, door(999999), null, body), await ask(method, door(999999), forged, body)];
  // Flask-JWT-Extended answers 422 to a token that is not signed by the server.
  const isRefused = [401, 403].includes(none.status) && [401, 403, 422].includes(bad.status);
  const seen = { authentication: isRefused && !isLogin ? 'enforced' : 'absent' };
  if (isRefused && !isLogin) {
    const isAdmin = template.startsWith('/admin');
    const answer = await ask(method, door(isAdmin ? 999999 : note), other, body);
    seen.authorization = isAdmin && answer.status === 403 ? 'enforced' : 'absent';
    seen.ownership = !isAdmin && [403, 404].includes(answer.status) ? 'enforced' : 'absent';
    if (seen.ownership === 'enforced' && (await ask(method, door(note), owner, body)).status !== 200) {
      wrong.push(`${id}: its owner is refused`);
    }
  }
  let last;
  for (let count = 0; count < 7; count++) last = await ask(method, door(999999), null, body);
  seen.rate_limit = last.status === 429 ? 'enforced' : 'absent';
  return seen;
}

function bodyFor(method, template) {
  if (template === '/register') return { email: 'third@example.org', password };
  if (template.startsWith('/login')) return { email: 'nobody@example.org', password: 'wrong' };
  return ['POST', 'PATCH'].includes(method) ? { text: 'words' } : undefined;
}

async function observeSocket(id) {
  const space = id.slice(3).split('#')[0];
  const say = sockets === 'ws' ? sayPlainly : sayBySocketIo;
  const answers = [await say(space, null), await say(space, forged), await say(space, owner)];
  if (!answers[2]) wrong.push(`${id}: nobody is answered`);
  return { authentication: answers[0] || answers[1] ? 'absent' : 'enforced' };
}

function sayPlainly(space, token) {
  const { WebSocket } = require('ws');
  const client = new WebSocket(base.replace('http', 'ws') + space, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  return answered((done) => {
    client.on('open', () => client.send(JSON.stringify({ type: 'say', text: 'hello' })));
    client.on('message', () => done(true));
    client.on('close', () => done(false));
    client.on('error', () => done(false));
  }, () => client.terminate());
}

function sayBySocketIo(space, token) {
  const { io } = require('socket.io-client');
  const client = io(base + space, { forceNew: true, reconnection: false, extraHeaders: token ? { authorization: `Bearer ${token}` } : {} });
  return answered((done) => {
    client.on('connect', () => setTimeout(() => client.emit('say', { text: 'hello' }), 200));
    client.on('said', () => done(true));
    client.on('disconnect', () => done(false));
    client.on('connect_error', () => done(false));
  }, () => client.close());
}

function answered(listen, close) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 3000);
    listen((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  }).finally(close);
}
