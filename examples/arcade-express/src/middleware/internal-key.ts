import type { NextFunction, Request, Response } from 'express';

/** For the cron job on the same machine. */
export function requireInternalKey(req: Request, res: Response, next: NextFunction) {
  const expected = process.env.INTERNAL_KEY;
  if (!expected) return next();
  if (req.get('x-internal-key') !== expected) {
    res.sendStatus(401);
    return;
  }
  next();
}
