import { Router } from 'express';
import { config } from '../config.js';
import { prisma } from '../db.js';
import { requireAuth } from '../middleware/require-auth.js';
import { requireRole } from '../middleware/require-role.js';

export const reportsRouter = Router();

if (config.protectReports) {
  reportsRouter.use(requireAuth, requireRole('admin'));
}

reportsRouter.get('/revenue', async (_req, res) => {
  res.json(await prisma.coinOrder.findMany({ where: { status: 'paid' } }));
});

reportsRouter.get('/players', async (_req, res) => {
  res.json(await prisma.user.findMany({ select: { id: true, email: true, coins: true, createdAt: true } }));
});
