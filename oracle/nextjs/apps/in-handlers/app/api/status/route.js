import { currentUser } from '../../../lib/session';

export async function GET() {
  const user = await currentUser();
  return Response.json({ known: Boolean(user) }, { status: user ? 200 : 401 });
}
