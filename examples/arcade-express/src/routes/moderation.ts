import { Router } from 'express';
import { prisma } from '../db.js';

/** Guarded as a whole in app.ts. */
export const moderationRouter = Router();

moderationRouter.delete('/messages/:id', async (req, res) => {
  await prisma.chatMessage.deleteMany({ where: { id: req.params.id } });
  res.status(204).end();
});

moderationRouter.post('/users/:id/mute', async (req, res) => {
  await prisma.user.updateMany({ where: { id: req.params.id }, data: { muted: true } });
  res.status(204).end();
});
