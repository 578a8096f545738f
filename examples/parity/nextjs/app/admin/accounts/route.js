import { withAdmin } from '../../../lib/guards.js';
import { accounts, db } from '../../../lib/store.js';

export const GET = withAdmin(async () => {
  const rows = await db.select({ id: accounts.id, email: accounts.email, role: accounts.role }).from(accounts);
  return Response.json(rows);
});
