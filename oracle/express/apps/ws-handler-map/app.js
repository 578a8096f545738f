// Messages are dispatched through a Map of handlers; one is registered behind a check, the other is not.
const http = require('http');
const express = require('express');
const WebSocket = require('ws');

const app = express();
const server = http.createServer(app);
const wss = new WebSocket.Server({ server, path: '/game' });

const handlers = new Map();
const balances = { 7: 100 };

function authenticated(handler) {
  return (socket, message) => {
    if (!socket.user) return socket.send(JSON.stringify({ error: 'unauthenticated' }));
    return handler(socket, message);
  };
}

handlers.set('buy', authenticated((socket, message) => {
  balances[socket.user.id] -= message.cost;
  socket.send(JSON.stringify({ balance: balances[socket.user.id] }));
}));

handlers.set('grant', (socket, message) => {
  balances[message.user] += message.amount;
  socket.send(JSON.stringify({ balance: balances[message.user] }));
});

wss.on('connection', (socket, request) => {
  socket.user = request.headers.authorization === 'Bearer good' ? { id: 7 } : null;
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    const handler = handlers.get(message.type);
    if (!handler) return socket.send(JSON.stringify({ error: 'unknown' }));
    handler(socket, message);
  });
});

server.listen(3000);
