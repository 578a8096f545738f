import { NextResponse } from 'next/server';
import { currentUser } from '../../../lib/session';

export async function GET() {
  const user = await currentUser();
  let response = NextResponse.json({ error: 'log in first' }, { status: 401 });
  if (user) {
    response = NextResponse.json({ id: user.id });
  }
  return response;
}
