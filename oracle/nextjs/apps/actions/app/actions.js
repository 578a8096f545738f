'use server';

import { currentUser } from '../lib/user';

const titles = new Map();

export async function renameNote(id, title) {
  const user = await currentUser();
  if (!user) {
    return { error: 'log in first' };
  }
  titles.set(id, title);
  return { done: true };
}

export async function removeNote(id) {
  titles.delete(id);
  return { done: true };
}
