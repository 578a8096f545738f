import { eq } from 'drizzle-orm';
import { withAccount } from '../../../lib/guards.js';
import { db, notes } from '../../../lib/store.js';

export const GET = withAccount(async (request, { params }, account) => {
  const { id } = await params;
  const [note] = await db.select().from(notes).where(eq(notes.id, Number(id)));
  if (!note || note.ownerId !== account.id) {
    return Response.json({ error: 'no such note' }, { status: 404 });
  }
  return Response.json({ id: note.id, text: note.text });
});

export const PATCH = withAccount(async (request, { params }) => {
  const { id } = await params;
  const body = await request.json();
  await db.update(notes).set({ text: String(body.text) }).where(eq(notes.id, Number(id)));
  return Response.json({ status: 'changed' });
});

export async function DELETE(request, { params }) {
  const { id } = await params;
  await db.delete(notes).where(eq(notes.id, Number(id)));
  return new Response(null, { status: 204 });
}
