import { Router } from 'express';
import { prisma } from '../db.js';
import { requireAuth } from '../middleware/require-auth.js';
import { requireRole } from '../middleware/require-role.js';

export const announcementsRouter = Router();

announcementsRouter.get('/', async (_req, res) => {
  res.json(await prisma.announcement.findMany({ orderBy: { createdAt: 'desc' }, take: 10 }));
});

announcementsRouter.post('/', requireAuth, requireRole('admin'), async (req, res) => {
  const text = String(req.body?.text);
  res.status(201).json(await prisma.announcement.create({ data: { text, authorId: req.user!.id } }));
});
