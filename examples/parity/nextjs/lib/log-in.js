import bcrypt from 'bcryptjs';
import { eq } from 'drizzle-orm';
import { accounts, db } from './store.js';
import { issueToken } from './tokens.js';

// Compared with where there is no account, so that both answers take the same time.
const nobody = bcrypt.hashSync('nobody has this password', 12);

export async function logIn({ email, password }) {
  const [account] = await db.select().from(accounts).where(eq(accounts.email, String(email)));
  const matches = await bcrypt.compare(String(password), account?.passwordHash ?? nobody);
  if (!account || !matches) {
    return Response.json({ error: 'wrong email or password' }, { status: 401 });
  }
  return Response.json({ token: await issueToken(account) });
}
