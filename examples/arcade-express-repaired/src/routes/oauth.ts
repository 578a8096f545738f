import { type Response, Router } from 'express';
import type { User } from '@prisma/client';
import { config } from '../config.js';
import { prisma } from '../db.js';
import { asyncHandler } from '../lib/async-handler.js';
import { OAUTH_COOKIE, setOauthCookie, setPendingCookie } from '../lib/cookies.js';
import { HttpError } from '../lib/errors.js';
import { challenge, sameText, secureToken } from '../lib/random.js';
import { signPendingToken } from '../lib/tokens.js';
import { authorizeUrl, fetchGithubProfile } from '../services/github.js';
import { verifyGoogleIdToken } from '../services/google.js';
import { startSession } from '../services/sessions.js';

const router = Router();

/** A provider stands in for the password, never for the second factor. */
async function finish(res: Response, user: User) {
  if (user.banned) throw new HttpError(403, 'Account is banned');
  if (user.totpEnabled) {
    setPendingCookie(res, signPendingToken(user.id));
    return 'code' as const;
  }
  await startSession(res, user.id);
  return 'done' as const;
}

router.get('/github', (_req, res) => {
  const state = secureToken();
  const verifier = secureToken();
  setOauthCookie(res, `${state}.${verifier}`);
  res.redirect(authorizeUrl(state, challenge(verifier)));
});

router.get(
  '/github/callback',
  asyncHandler(async (req, res) => {
    const [state, verifier] = String(req.signedCookies[OAUTH_COOKIE] || '').split('.');
    res.clearCookie(OAUTH_COOKIE, { path: '/api/oauth' });
    if (!state || !verifier || !sameText(state, String(req.query.state))) {
      throw new HttpError(400, 'This log-in was not started here');
    }
    const profile = await fetchGithubProfile(String(req.query.code), verifier);
    const githubId = String(profile.id);
    // Accounts are found by the provider's id only, never by an address.
    const user = await prisma.user.upsert({
      where: { githubId },
      create: { email: `${githubId}@github.invalid`, name: profile.login, githubId },
      update: {},
    });
    const next = await finish(res, user);
    res.redirect(next === 'code' ? `${config.webUrl}/login/code` : config.webUrl);
  }),
);

/** The Google button posts the id token it got in the browser. */
router.post(
  '/google',
  asyncHandler(async (req, res) => {
    const claims = await verifyGoogleIdToken(String(req.body?.idToken)).catch(() => null);
    if (!claims?.email_verified) {
      res.status(401).json({ error: 'Google did not confirm you' });
      return;
    }
    const user = await prisma.user.upsert({
      where: { googleId: claims.sub },
      create: { email: `${claims.sub}@google.invalid`, name: claims.name, googleId: claims.sub },
      update: {},
    });
    res.json({ next: await finish(res, user) });
  }),
);

export default router;
