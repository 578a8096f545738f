import { Router } from 'express';
import type { PrismaClient } from '@prisma/client';
import { z } from 'zod';
import { config } from '../config.js';
import type { Mailer } from '../lib/mailer.js';
import { hashPassword } from '../lib/passwords.js';
import { resetLimiter } from '../middleware/limiters.js';
import { validate } from '../middleware/validate.js';
import { consumeOneTimeToken, createOneTimeToken } from '../services/one-time-tokens.js';
import { revokeAllSessions } from '../services/sessions.js';

interface Dependencies {
  db: PrismaClient;
  mailer: Mailer;
}

const newPassword = z.object({ token: z.string(), password: z.string().min(8) });

/** "I forgot my password": mail a link, then take the new password. */
export function createPasswordRouter({ db, mailer }: Dependencies) {
  const router = Router();

  router.post('/forgot', resetLimiter, async (req, res) => {
    const user = await db.user.findUnique({ where: { email: String(req.body?.email) } });
    if (user) {
      const token = await createOneTimeToken(user.id, 'reset-password', 30);
      const link = `${config.webUrl}/reset#${token}`;
      await mailer.send({ to: user.email, subject: 'Reset your password', text: link });
    }
    res.json({ sent: true });
  });

  router.post('/reset', resetLimiter, validate(newPassword), async (req, res) => {
    const userId = await consumeOneTimeToken(req.body.token, 'reset-password');
    if (!userId) {
      res.status(400).json({ error: 'This link is not valid' });
      return;
    }
    await db.user.update({ where: { id: userId }, data: { passwordHash: await hashPassword(req.body.password) } });
    await revokeAllSessions(userId);
    res.json({ ok: true });
  });

  return router;
}
