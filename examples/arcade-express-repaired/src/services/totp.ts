import { authenticator } from 'otplib';
import { prisma } from '../db.js';
import { secureToken, sha256 } from '../lib/random.js';

export const newTotpSecret = () => authenticator.generateSecret();

/** Accepts each time step once. */
export async function checkTotp(userId: string, code: string) {
  const user = await prisma.user.findUnique({ where: { id: userId } });
  if (!user?.totpSecret || !/^\d{6}$/.test(code)) return false;
  const delta = authenticator.checkDelta(code, user.totpSecret);
  if (delta === null) return false;
  const step = Math.floor(Date.now() / 30_000) + delta;
  const taken = await prisma.user.updateMany({
    where: { id: userId, totpLastStep: { lt: step } },
    data: { totpLastStep: step },
  });
  return taken.count === 1;
}

export async function createRecoveryCodes(userId: string) {
  const codes = Array.from({ length: 8 }, () => secureToken(10));
  await prisma.recoveryCode.deleteMany({ where: { userId } });
  await prisma.recoveryCode.createMany({ data: codes.map((code) => ({ userId, codeHash: sha256(code) })) });
  return codes;
}

export async function consumeRecoveryCode(userId: string, code: string) {
  const used = await prisma.recoveryCode.updateMany({
    where: { userId, codeHash: sha256(code), usedAt: null },
    data: { usedAt: new Date() },
  });
  return used.count === 1;
}
