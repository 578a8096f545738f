import { cookies, headers } from 'next/headers';
import { notFound, redirect } from 'next/navigation';

const sessions = new Map([['good', { id: 'u1', role: 'member' }]]);

export async function currentUser() {
  const store = await cookies();
  const token = store.get('token')?.value;
  return sessions.get(token) ?? null;
}

export async function requireUser() {
  const user = await currentUser();
  if (!user) redirect('/log-in');
  return user;
}

export async function requireKey() {
  const list = await headers();
  if (list.get('x-api-key') !== process.env.TOKEN) notFound();
}

export class Denied extends Error {
  status = 401;
}

export async function mustHaveUser() {
  const user = await currentUser();
  if (!user) throw new Denied('log in first');
  return user;
}

export function withUser(handler) {
  return async (request, context) => {
    const user = await currentUser();
    if (!user) {
      return Response.json({ error: 'log in first' }, { status: 401 });
    }
    return handler(request, { ...context, user });
  };
}

export function caught(handler) {
  return async (request, context) => {
    try {
      return await handler(request, context);
    } catch (error) {
      if (error instanceof Denied) {
        return Response.json({ error: error.message }, { status: error.status });
      }
      throw error;
    }
  };
}
