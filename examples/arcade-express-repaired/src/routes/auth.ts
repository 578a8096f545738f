import { Router } from 'express';
import { z } from 'zod';
import { config } from '../config.js';
import { prisma } from '../db.js';
import { asyncHandler } from '../lib/async-handler.js';
import { clearSessionCookies, PENDING_COOKIE, REFRESH_COOKIE, setSessionCookies } from '../lib/cookies.js';
import { HttpError } from '../lib/errors.js';
import { mailer } from '../lib/mailer.js';
import { checkPassword, hashPassword } from '../lib/passwords.js';
import { signPendingToken, verifyPendingToken } from '../lib/tokens.js';
import { codeLimiter, loginLimiter, registerLimiter } from '../middleware/limiters.js';
import { requireAuth } from '../middleware/require-auth.js';
import { validate } from '../middleware/validate.js';
import { consumeOneTimeToken, createOneTimeToken } from '../services/one-time-tokens.js';
import { refreshSession, revokeSession, startSession } from '../services/sessions.js';
import { checkTotp, consumeRecoveryCode } from '../services/totp.js';

export const authRouter = Router();

const registration = z.object({
  email: z.email(),
  name: z.string().min(2).max(30),
  password: z.string().min(8),
});

/** Answers alike whether or not the address is known; the mail says the rest. */
authRouter.post(
  '/register',
  registerLimiter,
  validate(registration),
  asyncHandler(async (req, res) => {
    const { email, name, password } = req.body;
    const passwordHash = await hashPassword(password);
    if (await prisma.user.findUnique({ where: { email } })) {
      await mailer.send({ to: email, subject: 'You already have an account', text: config.webUrl });
    } else {
      const user = await prisma.user.create({ data: { email, name, passwordHash } });
      const token = await createOneTimeToken(user.id, 'verify-email', 24 * 60);
      await mailer.send({ to: email, subject: 'Welcome', text: `${config.webUrl}/verify#${token}` });
    }
    res.status(202).json({ sent: true });
  }),
);

authRouter.post(
  '/verify',
  codeLimiter,
  asyncHandler(async (req, res) => {
    const userId = await consumeOneTimeToken(String(req.body?.token), 'verify-email');
    if (!userId) throw new HttpError(400, 'This link is not valid');
    await prisma.user.update({ where: { id: userId }, data: { verified: true } });
    res.json({ ok: true });
  }),
);

authRouter.post(
  '/login',
  loginLimiter,
  asyncHandler(async (req, res) => {
    const { email, password, device } = req.body ?? {};
    const user = await prisma.user.findUnique({ where: { email: String(email) } });
    const right = await checkPassword(String(password), user?.passwordHash);
    if (!user || !right || user.banned || !user.verified) {
      res.status(401).json({ error: 'Wrong address or password' });
      return;
    }
    if (user.totpEnabled) {
      res.json({ pending: signPendingToken(user.id) });
      return;
    }
    res.json(await startSession(res, user.id, device === true));
  }),
);

type SecondFactor = (userId: string, code: string) => Promise<boolean>;

const secondStep = (check: SecondFactor) =>
  asyncHandler(async (req, res) => {
    const pending = req.body?.pending ?? req.cookies[PENDING_COOKIE];
    let userId: string;
    try {
      userId = verifyPendingToken(String(pending)).sub;
    } catch {
      throw new HttpError(400, 'Start again with your password');
    }
    if (!(await check(userId, String(req.body?.code)))) {
      res.status(401).json({ error: 'Wrong code' });
      return;
    }
    const user = await prisma.user.findUniqueOrThrow({ where: { id: userId } });
    if (user.banned) throw new HttpError(403, 'Account is banned');
    res.json(await startSession(res, user.id));
  });

/** Second step: a code from the app, or one of the printed recovery codes. */
authRouter.post('/login/code', codeLimiter, secondStep(checkTotp));
authRouter.post('/login/recovery', codeLimiter, secondStep(consumeRecoveryCode));

authRouter.post(
  '/refresh',
  asyncHandler(async (req, res) => {
    const token = req.cookies[REFRESH_COOKIE];
    const tokens = token ? await refreshSession(String(token)) : null;
    if (!tokens) {
      res.status(401).json({ error: 'Log in again' });
      return;
    }
    setSessionCookies(res, tokens.accessToken, tokens.refreshToken);
    res.json({ accessToken: tokens.accessToken });
  }),
);

/** The phone app keeps its refresh token itself. */
authRouter.post(
  '/device/refresh',
  asyncHandler(async (req, res) => {
    const tokens = await refreshSession(String(req.body?.deviceToken));
    if (!tokens) {
      res.status(401).json({ error: 'Log in again' });
      return;
    }
    res.json({ accessToken: tokens.accessToken, deviceToken: tokens.refreshToken });
  }),
);

authRouter.post(
  '/logout',
  requireAuth,
  asyncHandler(async (req, res) => {
    await revokeSession(req.user!.sessionId);
    clearSessionCookies(res);
    res.status(204).end();
  }),
);
