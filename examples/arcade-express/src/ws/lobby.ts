import type { WebSocket } from 'ws';
import { prisma } from '../db.js';
import { verifyToken } from '../lib/tokens.js';
import { joinLobby, removeMember } from '../services/lobbies.js';
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
    const seat = await prisma.lobbyMember.findUnique({
      where: { lobbyId_userId: { lobbyId: String(lobbyId), userId: user.id } },
    });
    if (!seat) return;
    await prisma.chatMessage.create({ data: { lobbyId: String(lobbyId), authorId: user.id, text: String(text) } });
    broadcast(String(lobbyId), { type: 'chat', userId: user.id, text });
  },

  async start(_player, { lobbyId }) {
    await prisma.lobby.update({ where: { id: String(lobbyId) }, data: { started: true } });
    broadcast(String(lobbyId), { type: 'started' });
  },

  async kick(_player, { lobbyId, userId }) {
    await removeMember(String(lobbyId), String(userId));
    broadcast(String(lobbyId), { type: 'kicked', userId });
  },
};

export function onLobbyConnection(socket: WebSocket) {
  let user: Principal | null = null;

  socket.on('message', async (raw) => {
    const message = parseMessage(raw);
    if (!message) return;

    try {
      if (message.type === 'hello') {
        user = verifyToken(String(message.token));
        socket.send(JSON.stringify({ type: 'welcome', userId: user.id }));
        return;
      }
      if (message.type === 'emote') {
        const text = `* ${message.name} ${message.emote}`;
        await prisma.chatMessage.create({ data: { lobbyId: String(message.lobbyId), text } });
        broadcast(String(message.lobbyId), { type: 'emote', text });
        return;
      }
      if (!user) {
        socket.close(4401, 'Say hello first');
        return;
      }
      await handlers[message.type]?.({ socket, user }, message);
    } catch {
      socket.close(4400, 'Refused');
    }
  });
}
