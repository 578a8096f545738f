import { eq } from 'drizzle-orm';
import { jwtVerify, SignJWT } from 'jose';
import { accounts, db } from './store.js';

const key = () => new TextEncoder().encode(process.env.TOKEN_SECRET);

export function issueToken(account) {
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(String(account.id))
    .setExpirationTime('15m')
    .sign(key());
}

/** Returns the account that the header proves, or nothing. */
export async function accountOf(authorization) {
  if (!authorization?.startsWith('Bearer ')) return undefined;
  try {
    const { payload } = await jwtVerify(authorization.slice(7), key(), { algorithms: ['HS256'] });
    const [account] = await db.select().from(accounts).where(eq(accounts.id, Number(payload.sub)));
    return account;
  } catch {
    return undefined;
  }
}
