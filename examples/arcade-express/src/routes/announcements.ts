import { Router } from 'express';
import { prisma } from '../db.js';
import { forbidden } from '../lib/errors.js';
import { requireAuth } from '../middleware/require-auth.js';

export const announcementsRouter = Router();

announcementsRouter.get('/', async (_req, res) => {
  res.json(await prisma.announcement.findMany({ orderBy: { createdAt: 'desc' }, take: 10 }));
});

announcementsRouter.post('/', requireAuth, async (req, res) => {
  const { text, role } = req.body ?? {};
  if (role !== 'admin') throw forbidden('Only admins announce');
  res.status(201).json(await prisma.announcement.create({ data: { text: String(text), authorId: req.user!.id } }));
});
