import type { Server } from 'node:http';
import { WebSocketServer } from 'ws';
import { allowedOrigin } from '../middleware/same-origin.js';
import { authenticateUpgrade } from './handshake.js';
import { onLobbyConnection } from './lobby.js';
import { onNotifyConnection } from './notify.js';
import { onSpectator } from './spectate.js';

export function attachSockets(server: Server) {
  const lobby = new WebSocketServer({ noServer: true });
  const spectate = new WebSocketServer({ noServer: true });
  const notify = new WebSocketServer({ noServer: true });

  lobby.on('connection', onLobbyConnection);
  spectate.on('connection', onSpectator);
  notify.on('connection', onNotifyConnection);

  const byCookie: Record<string, WebSocketServer> = { '/ws/spectate': spectate, '/ws/notify': notify };

  server.on('upgrade', async (req, socket, head) => {
    const { pathname } = new URL(req.url ?? '/', 'http://localhost');
    if (pathname === '/ws/lobby') {
      lobby.handleUpgrade(req, socket, head, (ws) => lobby.emit('connection', ws, req));
      return;
    }
    const target = byCookie[pathname];
    const token = target && allowedOrigin(req) ? await authenticateUpgrade(req) : null;
    if (!target || !token) {
      socket.write('HTTP/1.1 401 Unauthorized\r\n\r\n');
      socket.destroy();
      return;
    }
    target.handleUpgrade(req, socket, head, (ws) => target.emit('connection', ws, req, token));
  });
}
