import { authenticator } from 'otplib';
import { prisma } from '../db.js';
import { secureToken, sha256 } from '../lib/random.js';

export const newTotpSecret = () => authenticator.generateSecret();

export async function checkTotp(userId: string, code: string) {
  const user = await prisma.user.findUnique({ where: { id: userId } });
  if (!user?.totpSecret) return false;
  return authenticator.check(code, user.totpSecret);
}

export async function createRecoveryCodes(userId: string) {
  const codes = Array.from({ length: 8 }, () => secureToken(5));
  await prisma.recoveryCode.deleteMany({ where: { userId } });
  await prisma.recoveryCode.createMany({ data: codes.map((code) => ({ userId, codeHash: sha256(code) })) });
  return codes;
}

export async function checkRecoveryCode(userId: string, code: string) {
  const found = await prisma.recoveryCode.findFirst({ where: { userId, codeHash: sha256(code) } });
  return found !== null;
}
