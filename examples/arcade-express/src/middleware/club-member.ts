import type { RequestHandler } from 'express';
import { prisma } from '../db.js';

async function membership(clubId: string, userId: string) {
  return prisma.clubMember.findUnique({ where: { clubId_userId: { clubId, userId } } });
}

export const clubMember: RequestHandler = async (req, res, next) => {
  const found = await membership(String(req.params.clubId), req.user!.id);
  if (!found) {
    res.status(403).json({ error: 'Members only' });
    return;
  }
  next();
};

export const clubOwner: RequestHandler = async (req, res, next) => {
  const found = await membership(String(req.params.clubId), req.user!.id);
  if (found?.role !== 'owner') {
    res.status(403).json({ error: 'Owner only' });
    return;
  }
  next();
};
