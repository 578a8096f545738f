import { Router } from 'express';
import { prisma } from '../db.js';
import { checkPassword, hashPassword } from '../lib/passwords.js';
import { requireAuth } from '../middleware/require-auth.js';

export const meRouter = Router();

meRouter.use(requireAuth);

const visible = { id: true, email: true, name: true, bio: true, coins: true, role: true, totpEnabled: true } as const;

meRouter
  .route('/')
  .get(async (req, res) => {
    res.json(await prisma.user.findUnique({ where: { id: req.user!.id }, select: visible }));
  })
  .patch(async (req, res) => {
    const user = await prisma.user.update({ where: { id: req.user!.id }, data: { ...req.body }, select: visible });
    res.json(user);
  });

meRouter.post('/password', async (req, res) => {
  const { current, next } = req.body ?? {};
  const user = await prisma.user.findUniqueOrThrow({ where: { id: req.user!.id } });
  if (user.passwordHash && !(await checkPassword(String(current), user.passwordHash))) {
    res.status(403).json({ error: 'Wrong password' });
    return;
  }
  await prisma.user.update({ where: { id: user.id }, data: { passwordHash: await hashPassword(String(next)) } });
  res.status(204).end();
});

meRouter.get('/purchases', async (req, res) => {
  res.json(await prisma.purchase.findMany({ where: { userId: req.user!.id } }));
});
