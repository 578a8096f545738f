import type { NextFunction, Request, Response } from 'express';
import { config } from '../config.js';
import { sameText } from '../lib/random.js';

/** For the cron job on the same machine. */
export function requireInternalKey(req: Request, res: Response, next: NextFunction) {
  if (!sameText(req.get('x-internal-key') ?? '', config.internalKey)) {
    res.sendStatus(401);
    return;
  }
  next();
}
