import jwt from 'jsonwebtoken';
import { config } from '../config.js';

const issuer = 'arcade';

/** The audience says what a token is for, so that one kind never passes as another. */
type Purpose = 'access' | 'pending' | 'share';

function sign(claims: object, purpose: Purpose, expiresIn: '15m' | '5m' | '7d') {
  return jwt.sign(claims, config.jwtSecret, { algorithm: 'HS256', issuer, audience: purpose, expiresIn });
}

function verify<T>(token: string, purpose: Purpose) {
  return jwt.verify(token, config.jwtSecret, { algorithms: ['HS256'], issuer, audience: purpose }) as T;
}

export const signAccessToken = (userId: string, sid: string) => sign({ sub: userId, sid }, 'access', '15m');
export const verifyAccessToken = (token: string) => verify<{ sub: string; sid: string }>(token, 'access');

/** Handed out after the password step when the account has two-factor on. */
export const signPendingToken = (userId: string) => sign({ sub: userId }, 'pending', '5m');
export const verifyPendingToken = (token: string) => verify<{ sub: string }>(token, 'pending');

export const signShareToken = (scoreId: string) => sign({ scoreId }, 'share', '7d');
export const verifyShareToken = (token: string) => verify<{ scoreId: string }>(token, 'share');
