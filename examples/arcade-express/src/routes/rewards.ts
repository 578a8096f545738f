import { Router } from 'express';
import { prisma } from '../db.js';
import { asyncHandler } from '../lib/async-handler.js';
import { requireAuth } from '../middleware/require-auth.js';

export const rewardsRouter = Router();

async function credit(userId: string, coins: number) {
  return prisma.user.update({ where: { id: userId }, data: { coins: { increment: coins } }, select: { coins: true } });
}

rewardsRouter.post(
  '/daily',
  requireAuth,
  asyncHandler(async (req, res) => {
    const userId = req.user!.id;
    const reward = `daily:${new Date().toISOString().slice(0, 10)}`;
    const [, balance] = await prisma.$transaction([
      prisma.rewardClaim.create({ data: { userId, reward } }),
      prisma.user.update({ where: { id: userId }, data: { coins: { increment: 25 } }, select: { coins: true } }),
    ]);
    res.json(balance);
  }),
);

rewardsRouter.post(
  '/tutorial',
  requireAuth,
  asyncHandler(async (req, res) => {
    res.json(await credit(req.user!.id, 200));
  }),
);
