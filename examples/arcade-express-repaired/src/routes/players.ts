import { Router } from 'express';
import { prisma } from '../db.js';
import { asyncHandler } from '../lib/async-handler.js';
import { forbidden, notFound } from '../lib/errors.js';
import { requireAuth } from '../middleware/require-auth.js';
import { revokeAllSessions } from '../services/sessions.js';

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
  requireAuth,
  asyncHandler(async (req, res) => {
    if (req.params.id !== req.user!.id) throw forbidden();
    await revokeAllSessions(req.user!.id);
    await prisma.user.deleteMany({ where: { id: req.user!.id } });
    res.status(204).end();
  }),
);
