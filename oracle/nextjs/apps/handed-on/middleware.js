import { NextResponse } from 'next/server';

export async function middleware(request) {
  const list = new Headers(request.headers);
  list.delete('x-user');
  if (request.cookies.get('token')?.value === process.env.TOKEN) {
    list.set('x-user', 'u1');
  }
  return NextResponse.next({ request: { headers: list } });
}

export const config = { matcher: '/api/handed/:path*' };
