import bcrypt from 'bcryptjs';
import { accounts, db } from '../../lib/store.js';

export async function POST(request) {
  const body = await request.json();
  const passwordHash = await bcrypt.hash(String(body.password), 12);
  await db.insert(accounts).values({ email: String(body.email), passwordHash }).onConflictDoNothing();
  return Response.json({ status: 'accepted' }, { status: 202 });
}
