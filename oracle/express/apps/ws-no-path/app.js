// A socket server on the whole HTTP server, with the check in the connection handler.
const http = require('http');
const express = require('express');
const { WebSocketServer } = require('ws');

const app = express();
app.get('/', (req, res) => res.send('page'));
const server = http.createServer(app);
const wss = new WebSocketServer({ server });

wss.on('connection', (socket, request) => {
  const { searchParams } = new URL(request.url, 'http://localhost');
  if (searchParams.get('token') !== 'good') {
    socket.close(1008, 'unauthorized');
    return;
  }
  socket.on('message', (text) => {
    for (const client of wss.clients) client.send(String(text));
  });
});

server.listen(3000);
