// noServer: the upgrade handler authenticates one path and forgets the other.
const http = require('http');
const express = require('express');
const { WebSocketServer } = require('ws');

const app = express();
app.get('/health', (req, res) => res.json({ ok: true }));

const server = http.createServer(app);
const rooms = new WebSocketServer({ noServer: true });
const spectators = new WebSocketServer({ noServer: true });

function userOf(request) {
  const url = new URL(request.url, 'http://localhost');
  return url.searchParams.get('token') === 'good' ? { id: 7 } : null;
}

server.on('upgrade', (request, socket, head) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/rooms') {
    const user = userOf(request);
    if (!user) {
      socket.write('HTTP/1.1 401 Unauthorized\r\n\r\n');
      socket.destroy();
      return;
    }
    rooms.handleUpgrade(request, socket, head, (ws) => rooms.emit('connection', ws, request, user));
  } else if (pathname === '/watch') {
    spectators.handleUpgrade(request, socket, head, (ws) => spectators.emit('connection', ws, request));
  } else {
    socket.destroy();
  }
});

rooms.on('connection', (ws, request, user) => {
  ws.on('message', (data) => ws.send(JSON.stringify({ from: user.id, text: String(data) })));
});

spectators.on('connection', (ws) => {
  ws.send(JSON.stringify({ watching: true }));
});

server.listen(3000);
