import type { WebSocket } from 'ws';

const sockets = new Map<string, Set<WebSocket>>();

export function track(userId: string, socket: WebSocket) {
  const own = sockets.get(userId) ?? new Set<WebSocket>();
  own.add(socket);
  sockets.set(userId, own);
  socket.once('close', () => own.delete(socket));
}

/** Nothing may be pushed any more to somebody whose session has ended. */
export function disconnect(userId: string) {
  for (const socket of sockets.get(userId) ?? []) socket.close(4401, 'Session has ended');
}
