import { Router } from 'express';
import { z } from 'zod';
import { prisma } from '../db.js';
import { asyncHandler } from '../lib/async-handler.js';
import { clearSessionCookies, REFRESH_COOKIE } from '../lib/cookies.js';
import { checkPassword, hashPassword } from '../lib/passwords.js';
import { signAccessToken, signDeviceToken, signPendingToken, verifyToken } from '../lib/tokens.js';
import { codeLimiter, registerLimiter } from '../middleware/limiters.js';
import { requireAuth } from '../middleware/require-auth.js';
import { validate } from '../middleware/validate.js';
import { refreshSession, startSession } from '../services/sessions.js';
import { checkRecoveryCode, checkTotp } from '../services/totp.js';

export const authRouter = Router();

const registration = z.object({
  email: z.email(),
  name: z.string().min(2).max(30),
  password: z.string().min(8),
  clubId: z.string().optional(),
});

authRouter.post(
  '/register',
  registerLimiter,
  validate(registration),
  asyncHandler(async (req, res) => {
    const { email, name, password, clubId } = req.body;
    if (await prisma.user.findUnique({ where: { email } })) {
      res.status(409).json({ error: 'There is already an account with this address' });
      return;
    }
    const user = await prisma.user.create({ data: { email, name, passwordHash: await hashPassword(password) } });
    if (clubId) await prisma.clubMember.create({ data: { clubId, userId: user.id } });
    res.status(201).json({ id: user.id, ...(await startSession(res, user)) });
  }),
);

authRouter.post(
  '/login',
  asyncHandler(async (req, res) => {
    const { email, password, device } = req.body ?? {};
    const user = await prisma.user.findUnique({ where: { email: String(email) } });
    if (!user || !user.passwordHash) {
      res.status(404).json({ error: 'No account with this address' });
      return;
    }
    if (!(await checkPassword(String(password), user.passwordHash))) {
      res.status(401).json({ error: 'Wrong password' });
      return;
    }
    if (user.banned) {
      res.status(403).json({ error: 'Account is banned' });
      return;
    }
    if (user.totpEnabled) {
      res.json({ pending: signPendingToken(user) });
      return;
    }
    const session = await startSession(res, user);
    res.json(device ? { ...session, deviceToken: signDeviceToken(user) } : session);
  }),
);

/** Second step: a code from the app, or one of the printed recovery codes. */
authRouter.post(
  '/login/code',
  codeLimiter,
  asyncHandler(async (req, res) => {
    const { pending, code } = req.body ?? {};
    const { id } = verifyToken(String(pending));
    if (!(await checkTotp(id, String(code)))) {
      res.status(401).json({ error: 'Wrong code' });
      return;
    }
    const user = await prisma.user.findUniqueOrThrow({ where: { id } });
    res.json(await startSession(res, user));
  }),
);

authRouter.post(
  '/login/recovery',
  asyncHandler(async (req, res) => {
    const { pending, code } = req.body ?? {};
    const { id } = verifyToken(String(pending));
    if (!(await checkRecoveryCode(id, String(code)))) {
      res.status(401).json({ error: 'Wrong code' });
      return;
    }
    const user = await prisma.user.findUniqueOrThrow({ where: { id } });
    res.json(await startSession(res, user));
  }),
);

authRouter.post(
  '/refresh',
  asyncHandler(async (req, res) => {
    const token = req.cookies[REFRESH_COOKIE] ?? req.body?.refreshToken;
    const accessToken = token ? await refreshSession(String(token)) : null;
    if (!accessToken) {
      res.status(401).json({ error: 'Log in again' });
      return;
    }
    res.json({ accessToken });
  }),
);

/** The phone app keeps one long-lived token. */
authRouter.post('/device/refresh', (req, res) => {
  try {
    const user = verifyToken(String(req.body?.deviceToken));
    res.json({ accessToken: signAccessToken(user), deviceToken: signDeviceToken(user) });
  } catch {
    res.status(401).json({ error: 'Log in again' });
  }
});

authRouter.post('/logout', requireAuth, (_req, res) => {
  clearSessionCookies(res);
  res.status(204).end();
});
