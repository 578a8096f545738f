// The default namespace has a middleware that refuses; a second namespace was forgotten; an event checks for itself.
const http = require('http');
const express = require('express');
const { Server } = require('socket.io');

const app = express();
const server = http.createServer(app);
const io = new Server(server);

function requireToken(socket, next) {
  if (socket.handshake.auth.token !== 'good') return next(new Error('unauthorized'));
  socket.data.user = { id: 7 };
  next();
}

io.use(requireToken);

io.on('connection', (socket) => {
  socket.on('lobby:join', (message, ack) => {
    socket.join(message.lobby);
    ack({ joined: message.lobby });
  });
  socket.on('lobby:leave', function leaveLobby(message, ack) {
    socket.leave(message.lobby);
    ack({ left: message.lobby });
  });
});

const admin = io.of('/admin');
admin.on('connection', (socket) => {
  socket.on('kick', (message, ack) => {
    io.to(message.lobby).emit('kicked', message.player);
    ack({ ok: true });
  });
});

const metrics = io.of('/metrics');
metrics.use(function identify(socket, next) {
  socket.data.user = socket.handshake.auth.token === 'good' ? { id: 7 } : null;
  next();
});
metrics.on('connection', (socket) => {
  socket.use(function onlyKnown(event, next) {
    if (event[0] === 'reset' && !socket.data.user) return next(new Error('unauthorized'));
    next();
  });
  socket.on('read', (message, ack) => ack({ value: 3 }));
  socket.on('reset', (message, ack) => ack({ value: 0 }));
});

server.listen(3000);
