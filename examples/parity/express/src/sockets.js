import { WebSocketServer } from 'ws';
import { store } from './store.js';
import { accountOf } from './tokens.js';

const feed = new WebSocketServer({ noServer: true });
const wall = new WebSocketServer({ noServer: true });

export function openSockets(server) {
  server.on('upgrade', (request, socket, head) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/feed') {
      const account = accountOf(request.headers.authorization);
      if (!account) {
        socket.write('HTTP/1.1 401 Unauthorized\r\n\r\n');
        socket.destroy();
        return;
      }
      feed.handleUpgrade(request, socket, head, (client) => feed.emit('connection', client, request, account));
    } else if (pathname === '/wall') {
      wall.handleUpgrade(request, socket, head, (client) => wall.emit('connection', client, request));
    } else {
      socket.destroy();
    }
  });
}

feed.on('connection', (client, request, account) => {
  client.on('message', (data) => {
    const message = JSON.parse(data.toString());
    if (message.type === 'say') {
      store.prepare('INSERT INTO notes (owner_id, text) VALUES (?, ?)').run(account.id, String(message.text));
      client.send(JSON.stringify({ type: 'said', text: message.text }));
    }
  });
});

wall.on('connection', (client) => {
  client.on('message', (data) => {
    const message = JSON.parse(data.toString());
    if (message.type === 'say') {
      store.prepare('INSERT INTO messages (text) VALUES (?)').run(String(message.text));
      client.send(JSON.stringify({ type: 'said', text: message.text }));
    }
  });
});
