import type { WebSocket } from 'ws';
import { prisma } from '../db.js';
import { track } from '../lib/live.js';
import { joinLobby, ownLobby, removeMember, seatIn } from '../services/lobbies.js';
import { principalOf } from '../services/sessions.js';
import type { Principal } from '../types.js';
import { broadcast, type ClientMessage, enter, parseMessage } from './rooms.js';

interface Player {
  socket: WebSocket;
  user: Principal;
}

type Handler = (player: Player, message: ClientMessage) => Promise<void>;

const handlers: Record<string, Handler> = {
  async join({ socket, user }, { lobbyId }) {
    await joinLobby(String(lobbyId), user.id);
    enter(String(lobbyId), socket);
    broadcast(String(lobbyId), { type: 'joined', userId: user.id });
  },

  async chat({ user }, { lobbyId, text }) {
    await seatIn(String(lobbyId), user.id);
    await prisma.chatMessage.create({ data: { lobbyId: String(lobbyId), authorId: user.id, text: String(text) } });
    broadcast(String(lobbyId), { type: 'chat', userId: user.id, text });
  },

  async emote({ user }, { lobbyId, emote }) {
    await seatIn(String(lobbyId), user.id);
    await prisma.chatMessage.create({ data: { lobbyId: String(lobbyId), authorId: user.id, text: `* ${emote}` } });
    broadcast(String(lobbyId), { type: 'emote', userId: user.id, emote });
  },

  async start({ user }, { lobbyId }) {
    await ownLobby(String(lobbyId), user.id);
    await prisma.lobby.update({ where: { id: String(lobbyId) }, data: { started: true } });
    broadcast(String(lobbyId), { type: 'started' });
  },

  async kick({ user }, { lobbyId, userId }) {
    await ownLobby(String(lobbyId), user.id);
    await removeMember(String(lobbyId), String(userId));
    broadcast(String(lobbyId), { type: 'kicked', userId });
  },
};

export function onLobbyConnection(socket: WebSocket) {
  let token: string | null = null;

  socket.on('message', async (raw) => {
    const message = parseMessage(raw);
    if (!message) return;
    if (message.type === 'hello') token = String(message.token);

    // Asked again for every message, so that a ban or a log-out ends the game too.
    const user = token ? await principalOf(token) : null;
    if (!user) {
      socket.close(4401, 'Say hello first');
      return;
    }
    if (message.type === 'hello') {
      track(user.id, socket);
      socket.send(JSON.stringify({ type: 'welcome', userId: user.id }));
      return;
    }
    try {
      await handlers[message.type]?.({ socket, user }, message);
    } catch {
      socket.send(JSON.stringify({ type: 'refused' }));
    }
  });
}
