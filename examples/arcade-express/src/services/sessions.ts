import type { Response } from 'express';
import { config } from '../config.js';
import { prisma } from '../db.js';
import { setSessionCookies } from '../lib/cookies.js';
import { secureToken, sha256 } from '../lib/random.js';
import { signAccessToken } from '../lib/tokens.js';
import type { Principal } from '../types.js';

export async function startSession(res: Response, user: Principal) {
  const refreshToken = secureToken();
  await prisma.refreshToken.create({
    data: {
      tokenHash: sha256(refreshToken),
      userId: user.id,
      expiresAt: new Date(Date.now() + config.refreshDays * 86_400_000),
    },
  });
  const accessToken = signAccessToken(user);
  setSessionCookies(res, accessToken, refreshToken);
  return { accessToken };
}

/** Exchanges a refresh token for a new access token. */
export async function refreshSession(refreshToken: string) {
  const record = await prisma.refreshToken.findUnique({
    where: { tokenHash: sha256(refreshToken) },
    include: { user: true },
  });
  if (!record || record.revokedAt || record.expiresAt < new Date()) return null;
  return signAccessToken(record.user);
}

export async function revokeAllSessions(userId: string) {
  await prisma.refreshToken.updateMany({ where: { userId, revokedAt: null }, data: { revokedAt: new Date() } });
}
