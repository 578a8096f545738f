import { NextResponse } from 'next/server';

const open = ['/api/health', '/api/log-in'];

export default function middleware(request) {
  const { pathname } = request.nextUrl;
  if (open.includes(pathname) || !pathname.startsWith('/api/')) {
    return NextResponse.next();
  }
  const token = request.headers.get('authorization')?.replace('Bearer ', '');
  const response = NextResponse.next();
  if (token !== process.env.TOKEN) {
    if (pathname.startsWith('/api/pages')) {
      const url = request.nextUrl.clone();
      url.pathname = '/log-in';
      return NextResponse.redirect(url);
    }
    return new NextResponse('no', { status: 403 });
  }
  return response;
}
