import { Router } from 'express';
import { z } from 'zod';
import { prisma } from '../db.js';
import { checkPassword, hashPassword } from '../lib/passwords.js';
import { loginLimiter } from '../middleware/limiters.js';
import { requireAuth } from '../middleware/require-auth.js';
import { validate } from '../middleware/validate.js';
import { revokeAllSessions, startSession } from '../services/sessions.js';

const profile = z.object({ name: z.string().min(2).max(30).optional(), bio: z.string().max(500).optional() });
const passwords = z.object({ current: z.string(), next: z.string().min(8) });

export const meRouter = Router();

meRouter.use(requireAuth);

const visible = { id: true, email: true, name: true, bio: true, coins: true, role: true, totpEnabled: true } as const;

meRouter
  .route('/')
  .get(async (req, res) => {
    res.json(await prisma.user.findUnique({ where: { id: req.user!.id }, select: visible }));
  })
  .patch(validate(profile), async (req, res) => {
    const { name, bio } = req.body;
    const user = await prisma.user.update({ where: { id: req.user!.id }, data: { name, bio }, select: visible });
    res.json(user);
  });

meRouter.post('/password', loginLimiter, validate(passwords), async (req, res) => {
  const { current, next } = req.body;
  const user = await prisma.user.findUniqueOrThrow({ where: { id: req.user!.id } });
  if (!(await checkPassword(current, user.passwordHash))) {
    res.status(403).json({ error: 'Wrong password' });
    return;
  }
  await prisma.user.update({ where: { id: user.id }, data: { passwordHash: await hashPassword(next) } });
  await revokeAllSessions(user.id);
  res.json(await startSession(res, user.id));
});

meRouter.get('/purchases', async (req, res) => {
  res.json(await prisma.purchase.findMany({ where: { userId: req.user!.id } }));
});
