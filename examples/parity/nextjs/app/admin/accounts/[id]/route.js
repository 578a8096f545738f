import { eq } from 'drizzle-orm';
import { withAccount } from '../../../../lib/guards.js';
import { accounts, db } from '../../../../lib/store.js';

export const DELETE = withAccount(async (request, { params }) => {
  const { id } = await params;
  await db.delete(accounts).where(eq(accounts.id, Number(id)));
  return new Response(null, { status: 204 });
});
