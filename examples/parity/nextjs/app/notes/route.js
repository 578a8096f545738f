import { eq } from 'drizzle-orm';
import { withAccount } from '../../lib/guards.js';
import { db, notes } from '../../lib/store.js';

export const GET = withAccount(async (request, context, account) => {
  const rows = await db.select({ id: notes.id, text: notes.text }).from(notes).where(eq(notes.ownerId, account.id));
  return Response.json(rows);
});

export const POST = withAccount(async (request, context, account) => {
  const body = await request.json();
  const [made] = await db
    .insert(notes)
    .values({ ownerId: account.id, text: String(body.text) })
    .returning({ id: notes.id });
  return Response.json({ id: made.id }, { status: 201 });
});
