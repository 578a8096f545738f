import { prisma } from '../db.js';
import { badRequest, forbidden, notFound } from '../lib/errors.js';

export async function loadLobby(id: string) {
  const lobby = await prisma.lobby.findUnique({ where: { id }, include: { members: true } });
  if (!lobby) throw notFound('Lobby');
  return lobby;
}

export async function ownLobby(id: string, userId: string) {
  const lobby = await loadLobby(id);
  if (lobby.ownerId !== userId) throw forbidden('Only the host can do that');
  return lobby;
}

export async function joinLobby(id: string, userId: string) {
  const lobby = await loadLobby(id);
  if (lobby.members.length >= lobby.capacity) throw badRequest('Lobby is full');
  await prisma.lobbyMember.create({ data: { lobbyId: id, userId } });
}

export async function removeMember(lobbyId: string, userId: string) {
  await prisma.lobbyMember.deleteMany({ where: { lobbyId, userId } });
}
