import { Router } from 'express';
import { prisma } from '../db.js';
import { asyncHandler } from '../lib/async-handler.js';
import { requireAuth } from '../middleware/require-auth.js';

export const rewardsRouter = Router();

/** Records the claim and pays in one transaction; the claim's key is unique, so it pays once. */
async function claim(userId: string, reward: string, coins: number) {
  const [, balance] = await prisma.$transaction([
    prisma.rewardClaim.create({ data: { userId, reward } }),
    prisma.user.update({ where: { id: userId }, data: { coins: { increment: coins } }, select: { coins: true } }),
  ]);
  return balance;
}

rewardsRouter.post(
  '/daily',
  requireAuth,
  asyncHandler(async (req, res) => {
    const today = new Date().toISOString().slice(0, 10);
    res.json(await claim(req.user!.id, `daily:${today}`, 25));
  }),
);

rewardsRouter.post(
  '/tutorial',
  requireAuth,
  asyncHandler(async (req, res) => {
    res.json(await claim(req.user!.id, 'tutorial', 200));
  }),
);
