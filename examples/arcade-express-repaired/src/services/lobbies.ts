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

export async function seatIn(lobbyId: string, userId: string) {
  const seat = await prisma.lobbyMember.findUnique({ where: { lobbyId_userId: { lobbyId, userId } } });
  if (!seat) throw forbidden('You are not in this lobby');
  return seat;
}

/** Takes a seat and its place in one step, so that two players never share the last one. */
export async function joinLobby(id: string, userId: string) {
  await prisma.$transaction(async (tx) => {
    const taken = await tx.lobby.updateMany({
      where: { id, started: false, seats: { gt: 0 } },
      data: { seats: { decrement: 1 } },
    });
    if (taken.count !== 1) throw badRequest('Lobby is full');
    await tx.lobbyMember.create({ data: { lobbyId: id, userId } });
  });
}

export async function removeMember(lobbyId: string, userId: string) {
  await prisma.$transaction(async (tx) => {
    const gone = await tx.lobbyMember.deleteMany({ where: { lobbyId, userId } });
    await tx.lobby.updateMany({ where: { id: lobbyId }, data: { seats: { increment: gone.count } } });
  });
}
