import type { WebSocket } from 'ws';
import { prisma } from '../db.js';
import { broadcast, enter, parseMessage } from './rooms.js';

/** Watch a match from the stands. */
export function onSpectator(socket: WebSocket) {
  socket.on('message', async (raw) => {
    const message = parseMessage(raw);
    switch (message?.type) {
      case 'watch': {
        const lobbyId = String(message.lobbyId);
        enter(lobbyId, socket);
        const history = await prisma.chatMessage.findMany({ where: { lobbyId }, take: 50 });
        socket.send(JSON.stringify({ type: 'history', history }));
        break;
      }
      case 'cheer': {
        const { lobbyId, userId, text } = message;
        await prisma.chatMessage.create({
          data: { lobbyId: String(lobbyId), authorId: String(userId), text: String(text) },
        });
        broadcast(String(lobbyId), { type: 'chat', userId, text });
        break;
      }
      default:
        socket.send(JSON.stringify({ type: 'error' }));
    }
  });
}
