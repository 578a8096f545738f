import rateLimit from 'express-rate-limit';
import { accountOf } from './tokens.js';

export function requireAccount(request, response, next) {
  const account = accountOf(request.headers.authorization);
  if (!account) {
    return response.status(401).json({ error: 'log in first' });
  }
  request.account = account;
  next();
}

export function requireAdmin(request, response, next) {
  if (request.account.role !== 'admin') {
    return response.status(403).json({ error: 'administrators only' });
  }
  next();
}

export const loginLimiter = rateLimit({ windowMs: 60_000, limit: 5 });
