import { Router } from 'express';
import { z } from 'zod';
import { prisma } from '../db.js';
import { notFound } from '../lib/errors.js';
import { signShareToken, verifyShareToken } from '../lib/tokens.js';
import { optionalAuth } from '../middleware/optional-auth.js';
import { requireAuth } from '../middleware/require-auth.js';
import { validate } from '../middleware/validate.js';
import { replay } from '../services/replay.js';

export const scoresRouter = Router();

const match = z.object({ game: z.enum(['pong', 'snake']), moves: z.array(z.string()).max(5000) });

scoresRouter.get('/', optionalAuth, async (req, res) => {
  const game = String(req.query.game ?? 'pong');
  const scores = await prisma.score.findMany({ where: { game }, orderBy: { points: 'desc' }, take: 20 });
  res.json(scores.map((score) => ({ ...score, mine: score.userId === req.user?.id })));
});

/** For fan sites that show the top three. */
scoresRouter.get('/embed', async (_req, res) => {
  res.removeHeader('Access-Control-Allow-Credentials');
  res.setHeader('Access-Control-Allow-Origin', '*');
  res.json(await prisma.score.findMany({ orderBy: { points: 'desc' }, take: 3 }));
});

scoresRouter.get('/shared/:token', async (req, res) => {
  let scoreId: string;
  try {
    scoreId = verifyShareToken(req.params.token).scoreId;
  } catch {
    throw notFound('Score');
  }
  const score = await prisma.score.findUnique({ where: { id: scoreId } });
  if (!score) throw notFound('Score');
  res.json(score);
});

scoresRouter.use(requireAuth);

scoresRouter.post('/', validate(match), async (req, res) => {
  const score = await prisma.score.create({
    data: { userId: req.user!.id, game: req.body.game, points: replay(req.body.moves) },
  });
  res.status(201).json(score);
});

scoresRouter.delete('/:id', async (req, res) => {
  await prisma.score.deleteMany({ where: { id: String(req.params.id), userId: req.user!.id } });
  res.status(204).end();
});

scoresRouter.get('/mine', async (req, res) => {
  res.json(await prisma.score.findMany({ where: { userId: req.user!.id } }));
});

scoresRouter.post('/:id/share', async (req, res) => {
  const score = await prisma.score.findFirst({ where: { id: String(req.params.id), userId: req.user!.id } });
  if (!score) throw notFound('Score');
  res.json({ token: signShareToken(score.id) });
});
