// verifyClient refuses the handshake; the callback form answers with a status of its own.
import { createServer } from 'node:http';
import express from 'express';
import { WebSocketServer } from 'ws';

const app = express();
app.get('/', (req, res) => res.send('ok'));

const server = createServer(app);

const admin = new WebSocketServer({
  noServer: true,
  verifyClient: ({ req }, done) => {
    if (req.headers['x-api-key'] !== 'good') return done(false, 403, 'Forbidden');
    done(true);
  },
});

const open = new WebSocketServer({ noServer: true, verifyClient: () => true });

admin.on('connection', (socket) => socket.on('message', () => socket.send('{"ok":true}')));
open.on('connection', (socket) => socket.on('message', () => socket.send('{"ok":true}')));

server.on('upgrade', (request, socket, head) => {
  const target = request.url.startsWith('/admin') ? admin : open;
  target.handleUpgrade(request, socket, head, (client) => target.emit('connection', client, request));
});

server.listen(3000);
