// The connection is taken; every message is refused until a first one has authenticated.
const http = require('http');
const express = require('express');
const { WebSocketServer } = require('ws');

const app = express();
const server = http.createServer(app);
const wss = new WebSocketServer({ server, path: '/chat' });

const handlers = {
  join(socket, message) {
    socket.room = message.room;
    socket.send(JSON.stringify({ joined: message.room }));
  },
  say(socket, message) {
    socket.send(JSON.stringify({ said: message.text, by: socket.user.id }));
  },
};

wss.on('connection', (socket) => {
  socket.user = null;
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    if (message.type === 'auth') {
      socket.user = message.token === 'good' ? { id: 7 } : null;
      return;
    }
    if (!socket.user) {
      socket.send(JSON.stringify({ error: 'authenticate first' }));
      socket.close(4401);
      return;
    }
    const handle = handlers[message.type];
    if (handle) handle(socket, message);
  });
});

server.listen(3000);
