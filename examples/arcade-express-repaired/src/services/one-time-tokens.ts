import { prisma } from '../db.js';
import { secureToken, sha256 } from '../lib/random.js';

type Purpose = 'verify-email' | 'reset-password';

export async function createOneTimeToken(userId: string, purpose: Purpose, minutes: number) {
  const token = secureToken();
  const expiresAt = new Date(Date.now() + minutes * 60_000);
  await prisma.oneTimeToken.create({ data: { tokenHash: sha256(token), userId, purpose, expiresAt } });
  return token;
}

/** Uses a token up and says whose it was. */
export async function consumeOneTimeToken(token: string, purpose: Purpose) {
  const tokenHash = sha256(token);
  const used = await prisma.oneTimeToken.updateMany({
    where: { tokenHash, purpose, usedAt: null, expiresAt: { gt: new Date() } },
    data: { usedAt: new Date() },
  });
  if (used.count !== 1) return null;
  const record = await prisma.oneTimeToken.findUniqueOrThrow({ where: { tokenHash } });
  return record.userId;
}
