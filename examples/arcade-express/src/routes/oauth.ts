import { Router } from 'express';
import jwt from 'jsonwebtoken';
import { config } from '../config.js';
import { prisma } from '../db.js';
import { asyncHandler } from '../lib/async-handler.js';
import { authorizeUrl, fetchGithubProfile } from '../services/github.js';
import { startSession } from '../services/sessions.js';

const router = Router();

router.get('/github', (_req, res) => {
  res.redirect(authorizeUrl());
});

router.get(
  '/github/callback',
  asyncHandler(async (req, res) => {
    const profile = await fetchGithubProfile(String(req.query.code));
    const githubId = String(profile.id);
    const email = profile.email ?? `${profile.login}@users.noreply.github.com`;
    let user = await prisma.user.findFirst({ where: { OR: [{ githubId }, { email }] } });
    if (!user) {
      user = await prisma.user.create({ data: { email, name: profile.login, githubId } });
    } else if (!user.githubId) {
      user = await prisma.user.update({ where: { id: user.id }, data: { githubId } });
    }
    const { accessToken } = await startSession(res, user);
    const target = String(req.query.returnTo ?? config.webUrl);
    res.redirect(`${target}?token=${accessToken}`);
  }),
);

/** The Google button posts the id token it got in the browser. */
router.post(
  '/google',
  asyncHandler(async (req, res) => {
    const claims = jwt.decode(String(req.body?.idToken)) as { sub: string; email: string; name: string } | null;
    if (!claims) {
      res.status(401).json({ error: 'Google did not confirm you' });
      return;
    }
    const user = await prisma.user.upsert({
      where: { email: claims.email },
      create: { email: claims.email, name: claims.name, googleId: claims.sub },
      update: { googleId: claims.sub },
    });
    res.json(await startSession(res, user));
  }),
);

export default router;
