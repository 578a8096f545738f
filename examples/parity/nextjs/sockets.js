import { WebSocketServer } from 'ws';
import { db, messages, notes } from './lib/store.js';
import { accountOf } from './lib/tokens.js';

const feed = new WebSocketServer({ noServer: true });
const wall = new WebSocketServer({ noServer: true });

export function openSockets(server) {
  server.on('upgrade', async (request, socket, head) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/feed') {
      const account = await accountOf(request.headers.authorization);
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
  client.on('message', async (data) => {
    const message = JSON.parse(data.toString());
    if (message.type === 'say') {
      await db.insert(notes).values({ ownerId: account.id, text: String(message.text) });
      client.send(JSON.stringify({ type: 'said', text: message.text }));
    }
  });
});

wall.on('connection', (client) => {
  client.on('message', async (data) => {
    const message = JSON.parse(data.toString());
    if (message.type === 'say') {
      await db.insert(messages).values({ text: String(message.text) });
      client.send(JSON.stringify({ type: 'said', text: message.text }));
    }
  });
});
