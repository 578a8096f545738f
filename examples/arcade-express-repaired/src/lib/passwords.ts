import bcrypt from 'bcryptjs';

export const hashPassword = (plain: string) => bcrypt.hash(plain, 10);

// Compared with when there is no account, so that an answer takes as long either way.
const nobody = bcrypt.hashSync('nobody has this password', 10);

export async function checkPassword(plain: string, hash: string | null | undefined) {
  const same = await bcrypt.compare(plain, hash ?? nobody);
  return same && Boolean(hash);
}
