import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { prisma } from '../db.js';
import { track } from '../lib/live.js';
import { seatIn } from '../services/lobbies.js';
import { principalOf } from '../services/sessions.js';
import { broadcast, enter, parseMessage } from './rooms.js';

/** Watch your match on a second screen. */
export function onSpectator(socket: WebSocket, _req: IncomingMessage, token: string) {
  socket.on('message', async (raw) => {
    const user = await principalOf(token);
    if (!user) {
      socket.close(4401, 'Log in again');
      return;
    }
    const message = parseMessage(raw);
    const lobbyId = String(message?.lobbyId);
    try {
      await seatIn(lobbyId, user.id);
    } catch {
      socket.close(4403, 'Not your lobby');
      return;
    }
    switch (message?.type) {
      case 'watch': {
        track(user.id, socket);
        enter(lobbyId, socket);
        const history = await prisma.chatMessage.findMany({ where: { lobbyId }, take: 50 });
        socket.send(JSON.stringify({ type: 'history', history }));
        break;
      }
      case 'cheer': {
        const text = String(message.text);
        await prisma.chatMessage.create({ data: { lobbyId, authorId: user.id, text } });
        broadcast(lobbyId, { type: 'chat', userId: user.id, text });
        break;
      }
      default:
        socket.send(JSON.stringify({ type: 'error' }));
    }
  });
}
