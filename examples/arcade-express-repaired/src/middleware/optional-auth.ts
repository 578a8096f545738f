import type { RequestHandler } from 'express';
import { principalOf } from '../services/sessions.js';
import { bearer } from './require-auth.js';

/** Guests may look too, so this only attaches the player when there is one. */
export const optionalAuth: RequestHandler = async (req, _res, next) => {
  const token = bearer(req);
  if (token) req.user = (await principalOf(token)) ?? undefined;
  next();
};
