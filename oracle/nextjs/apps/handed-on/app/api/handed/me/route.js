import { headers } from 'next/headers';

export async function GET() {
  const list = await headers();
  const user = list.get('x-user');
  if (!user) return new Response('no', { status: 401 });
  return Response.json({ user });
}
