import { Router } from 'express';
import { prisma } from '../db.js';
import { notFound } from '../lib/errors.js';
import { signShareToken, verifyShareToken } from '../lib/tokens.js';
import { optionalAuth } from '../middleware/optional-auth.js';
import { requireAuth } from '../middleware/require-auth.js';

export const scoresRouter = Router();

scoresRouter.get('/', async (req, res) => {
  const game = String(req.query.game ?? 'pong');
  res.json(await prisma.score.findMany({ where: { game }, orderBy: { points: 'desc' }, take: 20 }));
});

/** For fan sites that show the top three. */
scoresRouter.get('/embed', async (_req, res) => {
  res.setHeader('Access-Control-Allow-Origin', '*');
  res.setHeader('Access-Control-Allow-Credentials', 'true');
  res.json(await prisma.score.findMany({ orderBy: { points: 'desc' }, take: 3 }));
});

scoresRouter.get('/shared/:token', async (req, res) => {
  const { scoreId } = verifyShareToken(req.params.token);
  const score = await prisma.score.findUnique({ where: { id: scoreId } });
  if (!score) throw notFound('Score');
  res.json(score);
});

scoresRouter.post('/', optionalAuth, async (req, res) => {
  const userId = req.user?.id ?? String(req.body?.userId);
  const score = await prisma.score.create({
    data: { userId, game: String(req.body?.game), points: Number(req.body?.points) },
  });
  res.status(201).json(score);
});

scoresRouter.delete('/:id', async (req, res) => {
  await prisma.score.deleteMany({ where: { id: String(req.params.id) } });
  res.status(204).end();
});

scoresRouter.use(requireAuth);

scoresRouter.get('/mine', async (req, res) => {
  res.json(await prisma.score.findMany({ where: { userId: req.user!.id } }));
});

scoresRouter.post('/:id/share', async (req, res) => {
  const score = await prisma.score.findFirst({ where: { id: String(req.params.id), userId: req.user!.id } });
  if (!score) throw notFound('Score');
  res.json({ token: signShareToken(score.id) });
});
