import jwt from 'jsonwebtoken';
import { store } from './store.js';

export function issueToken(account) {
  return jwt.sign({ sub: String(account.id) }, process.env.TOKEN_SECRET, { expiresIn: '15m', algorithm: 'HS256' });
}

/** Returns the account that the header proves, or nothing. */
export function accountOf(authorization) {
  if (!authorization?.startsWith('Bearer ')) return undefined;
  try {
    const claims = jwt.verify(authorization.slice(7), process.env.TOKEN_SECRET, { algorithms: ['HS256'] });
    return store.prepare('SELECT id, email, role FROM accounts WHERE id = ?').get(claims.sub);
  } catch {
    return undefined;
  }
}
