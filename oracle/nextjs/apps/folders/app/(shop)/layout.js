import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';

export default async function Shop({ children }) {
  const store = await cookies();
  if (!store.get('token')) redirect('/log-in');
  return children;
}
