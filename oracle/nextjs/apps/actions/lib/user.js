import { cookies } from 'next/headers';

export async function currentUser() {
  const store = await cookies();
  return store.get('token')?.value === process.env.TOKEN ? { id: 'u1' } : null;
}
