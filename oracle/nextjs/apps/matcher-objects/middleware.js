import { NextResponse } from 'next/server';

export function middleware(request) {
  if (request.cookies.get('token')?.value !== process.env.TOKEN) {
    return NextResponse.json({ error: 'log in first' }, { status: 401 });
  }
  return NextResponse.next();
}

export const config = {
  matcher: [
    { source: '/api/plain/:path*' },
    { source: '/api/missing/:path*', missing: [{ type: 'header', key: 'next-router-prefetch' }] },
    { source: '/api/tagged/:id(\\d+)' },
    { source: '/api/files{/:name}?' },
  ],
};
