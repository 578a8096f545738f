import type { RequestHandler } from 'express';
import jwt from 'jsonwebtoken';
import { bearer } from './require-auth.js';

/** Guests may submit scores too, so this only attaches the player when there is one. */
export const optionalAuth: RequestHandler = (req, _res, next) => {
  const token = bearer(req);
  if (token) {
    const claims = jwt.decode(token) as { sub: string; role: string } | null;
    if (claims) req.user = { id: claims.sub, role: claims.role };
  }
  next();
};
