// The check stands in the connection handler and disconnects; the handlers are registered by a loop over a table.
const { createServer } = require('http');
const express = require('express');
const { Server } = require('socket.io');

const app = express();
const server = createServer(app);
const io = new Server(server, { cors: { origin: '*' } });

const events = {
  'cursor:move': (socket, message) => socket.broadcast.emit('cursor', message),
  'document:save': (socket, message, ack) => ack({ saved: true }),
};

io.on('connection', (socket) => {
  const token = socket.handshake.auth.token;
  if (token !== 'good') {
    socket.emit('unauthorized');
    socket.disconnect(true);
    return;
  }
  for (const [name, handler] of Object.entries(events)) {
    socket.on(name, (message, ack) => handler(socket, message, ack));
  }
});

io.of('/public').on('connection', (socket) => {
  socket.on('ask', (question, ack) => ack({ answer: question }));
});

server.listen(3000);
