// Opens real connections of Socket.IO to gateways, and sends their messages.
'use strict';
const { inHome } = require('./load');
const trace = require('./trace');

const PATIENCE = 250;

/** Records every namespace that is asked for: its connection, and each of its events. */
async function entries(base, asked, credentials) {
  const found = [];
  for (const [namespace, question] of Object.entries(asked.socketio ?? {})) {
    if (question.connection) found.push(await outcome(base, namespace, null, undefined, credentials));
    for (const [event, payload] of Object.entries(question.events ?? {})) {
      found.push(await outcome(base, namespace, event, payload, credentials));
    }
  }
  return found;
}

async function outcome(base, namespace, event, payload, credentials) {
  const status = {};
  let seen = null;
  for (const kind of ['none', 'forged', 'valid']) {
    trace.take();
    status[kind] = await attempt(base + namespace, event, payload, credentials[kind]);
    seen = trace.take();
  }
  const reached = status.valid === 'open';
  const isEnforced = reached && status.none !== 'open' && status.forged !== 'open';
  return {
    id: `WS ${namespace}${event ? `#${event}` : ''}`,
    handler: null,
    reached,
    layers: seen.layers,
    authentication: isEnforced ? 'enforced' : 'absent',
    status,
  };
}

function attempt(url, event, payload, headers) {
  const { io } = inHome('socket.io-client');
  const token = headers.authorization?.split(' ')[1];
  const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true, auth: token ? { token } : {}, extraHeaders: headers });
  return new Promise((resolve) => {
    const end = (word) => {
      resolve(word);
      socket.close();
    };
    socket.on('connect_error', () => end('refused'));
    socket.on('disconnect', () => end('closed'));
    socket.on('exception', () => end('exception'));
    socket.on('connect', () => {
      if (event) socket.emit(event, payload);
      setTimeout(() => end('open'), PATIENCE);
    });
  });
}

module.exports = { entries };
