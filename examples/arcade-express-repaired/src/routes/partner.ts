import { Router } from 'express';
import { config } from '../config.js';
import { prisma } from '../db.js';
import { requireSignature } from '../middleware/signature.js';

export const partnerRouter = Router();

/** The partner's gateway logs people in, tells us who it is, and signs what it says. */
partnerRouter.post('/scores', requireSignature('x-gateway-signature', config.partnerSecret), async (req, res) => {
  const { userId, game, points } = req.body ?? {};
  const score = await prisma.score.create({
    data: { userId: String(userId), game: String(game), points: Number(points) },
  });
  res.status(201).json(score);
});
