import { requireUser } from '../../../lib/session';

export async function GET() {
  const user = await requireUser();
  return Response.json({ id: user.id });
}
