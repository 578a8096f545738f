import type { RequestHandler } from 'express';

export const requireRole =
  (...roles: string[]): RequestHandler =>
  (req, res, next) => {
    if (!req.user || !roles.includes(req.user.role)) {
      res.status(403).json({ error: 'Not allowed' });
      return;
    }
    next();
  };
