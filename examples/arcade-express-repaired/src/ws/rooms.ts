import type { WebSocket } from 'ws';

const rooms = new Map<string, Set<WebSocket>>();

export function enter(room: string, socket: WebSocket) {
  const sockets = rooms.get(room) ?? new Set<WebSocket>();
  sockets.add(socket);
  rooms.set(room, sockets);
  socket.once('close', () => sockets.delete(socket));
}

export function leave(room: string, socket: WebSocket) {
  rooms.get(room)?.delete(socket);
}

export function broadcast(room: string, message: unknown) {
  const text = JSON.stringify(message);
  for (const socket of rooms.get(room) ?? []) socket.send(text);
}

export type ClientMessage = { type: string } & Record<string, unknown>;

export function parseMessage(raw: unknown): ClientMessage | null {
  try {
    const value = JSON.parse(String(raw));
    return typeof value?.type === 'string' ? value : null;
  } catch {
    return null;
  }
}
