import type { NextFunction, Request, Response } from 'express';
import { ACCESS_COOKIE } from '../lib/cookies.js';
import { principalOf } from '../services/sessions.js';

export function bearer(req: Request): string | undefined {
  const header = req.headers.authorization;
  return header?.startsWith('Bearer ') ? header.slice(7) : undefined;
}

export async function requireAuth(req: Request, res: Response, next: NextFunction) {
  const token = bearer(req) ?? req.cookies?.[ACCESS_COOKIE];
  const user = token ? await principalOf(String(token)) : null;
  if (!user) {
    res.status(401).json({ error: 'Log in first' });
    return;
  }
  req.user = user;
  next();
}
