import { requireKey } from '../../../lib/session';

export async function POST() {
  await requireKey();
  return Response.json({ done: true });
}
