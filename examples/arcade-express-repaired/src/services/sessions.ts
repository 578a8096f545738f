import type { Response } from 'express';
import { config } from '../config.js';
import { prisma } from '../db.js';
import { setSessionCookies } from '../lib/cookies.js';
import { disconnect } from '../lib/live.js';
import { secureToken, sha256 } from '../lib/random.js';
import { signAccessToken, verifyAccessToken } from '../lib/tokens.js';
import type { Principal } from '../types.js';

async function issue(sessionId: string, userId: string) {
  const refreshToken = secureToken();
  const expiresAt = new Date(Date.now() + config.refreshDays * 86_400_000);
  await prisma.refreshToken.create({ data: { tokenHash: sha256(refreshToken), sessionId, expiresAt } });
  return { accessToken: signAccessToken(userId, sessionId), refreshToken };
}

export async function startSession(res: Response, userId: string, device = false) {
  const session = await prisma.session.create({ data: { userId } });
  const tokens = await issue(session.id, userId);
  if (device) return tokens;
  setSessionCookies(res, tokens.accessToken, tokens.refreshToken);
  return { accessToken: tokens.accessToken };
}

/** Exchanges a refresh token once. A second use means that it was stolen, and ends the session. */
export async function refreshSession(refreshToken: string) {
  const record = await prisma.refreshToken.findUnique({
    where: { tokenHash: sha256(refreshToken) },
    include: { session: { include: { user: true } } },
  });
  if (!record || record.expiresAt < new Date()) return null;
  if (record.session.revokedAt || record.session.user.banned) return null;
  const used = await prisma.refreshToken.updateMany({
    where: { id: record.id, usedAt: null },
    data: { usedAt: new Date() },
  });
  if (used.count !== 1) {
    await revokeSession(record.sessionId);
    return null;
  }
  return issue(record.sessionId, record.session.userId);
}

export async function revokeSession(id: string) {
  const session = await prisma.session.update({ where: { id }, data: { revokedAt: new Date() } });
  disconnect(session.userId);
}

export async function revokeAllSessions(userId: string) {
  await prisma.session.updateMany({ where: { userId, revokedAt: null }, data: { revokedAt: new Date() } });
  disconnect(userId);
}

/** Who an access token stands for now; null when the session has ended or the account is banned. */
export async function principalOf(token: string): Promise<Principal | null> {
  let claims: { sub: string; sid: string };
  try {
    claims = verifyAccessToken(token);
  } catch {
    return null;
  }
  const session = await prisma.session.findUnique({ where: { id: claims.sid }, include: { user: true } });
  if (!session || session.revokedAt || session.user.banned) return null;
  const { id, role, email } = session.user;
  return { id, role, email, sessionId: session.id };
}
