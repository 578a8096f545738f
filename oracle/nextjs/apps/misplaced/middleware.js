import { NextResponse } from 'next/server';

export function middleware(request) {
  if (request.cookies.get('token')?.value !== process.env.TOKEN) {
    return NextResponse.json({ error: 'log in first' }, { status: 401 });
  }
  return NextResponse.next();
}
