import type { Server } from 'node:http';
import { WebSocketServer } from 'ws';
import { onLobbyConnection } from './lobby.js';
import { authenticateUpgrade, onNotifyConnection } from './notify.js';
import { onSpectator } from './spectate.js';

export function attachSockets(server: Server) {
  const lobby = new WebSocketServer({ noServer: true });
  const spectate = new WebSocketServer({ noServer: true });
  const notify = new WebSocketServer({ noServer: true });

  lobby.on('connection', onLobbyConnection);
  spectate.on('connection', onSpectator);
  notify.on('connection', onNotifyConnection);

  server.on('upgrade', (req, socket, head) => {
    const { pathname } = new URL(req.url ?? '/', 'http://localhost');
    if (pathname === '/ws/lobby') {
      lobby.handleUpgrade(req, socket, head, (ws) => lobby.emit('connection', ws, req));
    } else if (pathname === '/ws/spectate') {
      spectate.handleUpgrade(req, socket, head, (ws) => spectate.emit('connection', ws, req));
    } else if (pathname === '/ws/notify') {
      const user = authenticateUpgrade(req);
      if (!user) {
        socket.write('HTTP/1.1 401 Unauthorized\r\n\r\n');
        socket.destroy();
        return;
      }
      notify.handleUpgrade(req, socket, head, (ws) => notify.emit('connection', ws, req, user));
    } else {
      socket.destroy();
    }
  });
}
