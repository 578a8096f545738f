import { Router } from 'express';
import { prisma } from '../db.js';
import { requireInternalKey } from '../middleware/internal-key.js';

export const internalRouter = Router();

internalRouter.post('/season-reset', requireInternalKey, async (_req, res) => {
  const { count } = await prisma.score.deleteMany({});
  res.json({ removed: count });
});
