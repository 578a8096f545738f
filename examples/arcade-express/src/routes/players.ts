import { Router } from 'express';
import { prisma } from '../db.js';
import { asyncHandler } from '../lib/async-handler.js';
import { notFound } from '../lib/errors.js';

export const playersRouter = Router();

const card = { id: true, name: true, bio: true } as const;

playersRouter.get(
  '/',
  asyncHandler(async (_req, res) => {
    res.json(await prisma.user.findMany({ select: card, take: 50 }));
  }),
);

playersRouter.get(
  '/:id',
  asyncHandler(async (req, res) => {
    const player = await prisma.user.findUnique({ where: { id: String(req.params.id) }, select: card });
    if (!player) throw notFound('Player');
    res.json(player);
  }),
);

/** "Delete my account" on the settings page. */
playersRouter.delete(
  '/:id',
  asyncHandler(async (req, res) => {
    await prisma.user.deleteMany({ where: { id: String(req.params.id) } });
    res.status(204).end();
  }),
);
