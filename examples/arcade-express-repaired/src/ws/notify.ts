import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { prisma } from '../db.js';
import { track } from '../lib/live.js';
import { principalOf } from '../services/sessions.js';
import { enter, parseMessage } from './rooms.js';

export async function onNotifyConnection(socket: WebSocket, _req: IncomingMessage, token: string) {
  socket.on('message', async (raw) => {
    const user = await principalOf(token);
    if (!user) {
      socket.close(4401, 'Log in again');
      return;
    }
    const message = parseMessage(raw);
    if (message?.type === 'ack') {
      await prisma.notification.updateMany({
        where: { id: String(message.id), userId: user.id },
        data: { readAt: new Date() },
      });
    }
  });
  const owner = await principalOf(token);
  if (!owner) return socket.close(4401, 'Log in again');
  track(owner.id, socket);
  enter(`user:${owner.id}`, socket);
}
