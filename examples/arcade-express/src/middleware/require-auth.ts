import type { NextFunction, Request, Response } from 'express';
import { ACCESS_COOKIE } from '../lib/cookies.js';
import { verifyToken } from '../lib/tokens.js';

export function bearer(req: Request): string | undefined {
  const header = req.headers.authorization;
  return header?.startsWith('Bearer ') ? header.slice(7) : undefined;
}

export function requireAuth(req: Request, res: Response, next: NextFunction) {
  const token = bearer(req) ?? req.cookies?.[ACCESS_COOKIE];
  if (!token) {
    res.status(401).json({ error: 'Log in first' });
    return;
  }
  try {
    req.user = verifyToken(token);
  } catch {
    res.status(401).json({ error: 'Session is not valid' });
    return;
  }
  next();
}
