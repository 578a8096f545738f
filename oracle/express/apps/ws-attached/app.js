// A ws server attached to the HTTP server: the REST API has a guard, the socket has none.
const http = require('http');
const express = require('express');
const { WebSocketServer } = require('ws');

const app = express();

function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}

const scores = new Map();

app.get('/api/scores', requireUser, (req, res) => res.json([...scores]));

const server = http.createServer(app);
const wss = new WebSocketServer({ server, path: '/live' });

wss.on('connection', (socket) => {
  socket.send(JSON.stringify({ type: 'hello' }));
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    switch (message.type) {
      case 'score':
        scores.set(message.player, message.points);
        socket.send(JSON.stringify({ type: 'saved' }));
        break;
      case 'reset':
        scores.clear();
        socket.send(JSON.stringify({ type: 'cleared' }));
        break;
      default:
        socket.send(JSON.stringify({ type: 'error', error: 'unknown type' }));
    }
  });
});

server.listen(process.env.PORT || 3000);
