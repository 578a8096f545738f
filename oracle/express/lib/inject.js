// Sends a request to an application without a socket.
'use strict';
const http = require('node:http');
const { Duplex } = require('node:stream');
const trace = require('./trace');

const PATIENCE = 400;
let caller = 0;

/** A socket that swallows what is written; every request comes from another address, so that no limiter interferes. */
class QuietSocket extends Duplex {
  constructor() {
    super();
    caller++;
    this.remoteAddress = `10.${(caller >> 16) & 255}.${(caller >> 8) & 255}.${caller & 255}`;
    this.remotePort = 40000;
    this.encrypted = false;
    this.body = [];
  }
  _read() {}
  _write(chunk, encoding, done) {
    this.body.push(chunk);
    done();
  }
  setTimeout() {
    return this;
  }
  setKeepAlive() {
    return this;
  }
  setNoDelay() {
    return this;
  }
}

/** Sends one request and gives `{status, location, cookies, body, ran, reads}`; a silent application has status null. */
function inject(target, { method, url, headers = {}, body }) {
  const socket = new QuietSocket();
  const req = new http.IncomingMessage(socket);
  req.method = method;
  req.url = url;
  req.httpVersion = '1.1';
  req.httpVersionMajor = 1;
  req.httpVersionMinor = 1;
  const hasBody = body !== undefined && method !== 'GET' && method !== 'HEAD';
  const payload = hasBody ? Buffer.from(JSON.stringify(body)) : null;
  req.headers = { host: 'localhost', 'user-agent': 'oracle', accept: 'application/json', ...headers };
  if (payload) Object.assign(req.headers, { 'content-type': 'application/json', 'content-length': String(payload.length) });
  req.rawHeaders = Object.entries(req.headers).flat();
  if (payload) req.push(payload);
  req.push(null);
  req.complete = true;
  const noted = trace.begin(req);
  const res = new http.ServerResponse(req);
  res.assignSocket(socket);
  return trace.traces.run(noted, () => answer(target, req, res, noted, socket));
}

function answer(target, req, res, noted, socket) {
  return new Promise((resolve) => {
    let open = true;
    const finish = () => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      const sent = res.headersSent;
      resolve({
        status: sent ? res.statusCode : null,
        location: sent ? res.getHeader('location') ?? null : null,
        cookies: [res.getHeader('set-cookie') ?? []].flat().map((cookie) => cookie.split(';')[0]),
        body: () => bodyOf(socket),
        unanswered: () => res.statusCode === 404 && textOf(socket).includes(`Cannot ${req.method} `),
        ran: noted.ran,
        reads: noted.reads,
      });
      setImmediate(() => socket.destroy());
    };
    const timer = setTimeout(finish, PATIENCE);
    res.on('finish', finish);
    res.on('close', finish);
    target(req, res);
  });
}

function textOf(socket) {
  return Buffer.concat(socket.body).toString();
}

function bodyOf(socket) {
  const text = textOf(socket);
  const start = text.indexOf('\r\n\r\n');
  try {
    return JSON.parse(text.slice(start + 4));
  } catch {
    return null;
  }
}

module.exports = { inject };
