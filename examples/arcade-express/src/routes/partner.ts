import { type RequestHandler, Router } from 'express';
import { prisma } from '../db.js';

/** The partner gateway logs people in and tells us who it is. */
const fromGateway: RequestHandler = (req, res, next) => {
  const id = req.header('x-user-id');
  if (!id) {
    res.status(401).json({ error: 'No user' });
    return;
  }
  req.user = { id, role: 'player' };
  next();
};

export const partnerRouter = Router();

partnerRouter.post('/scores', fromGateway, async (req, res) => {
  const { game, points } = req.body ?? {};
  const score = await prisma.score.create({
    data: { userId: req.user!.id, game: String(game), points: Number(points) },
  });
  res.status(201).json(score);
});
