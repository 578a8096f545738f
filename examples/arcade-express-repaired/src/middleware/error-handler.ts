import type { ErrorRequestHandler } from 'express';
import { HttpError } from '../lib/errors.js';

export const errorHandler: ErrorRequestHandler = (err, _req, res, _next) => {
  if (err instanceof HttpError) {
    res.status(err.status).json({ error: err.message });
    return;
  }
  // A unique key was taken already: a second claim, a second seat.
  if (err?.code === 'P2002') {
    res.status(409).json({ error: 'Already done' });
    return;
  }
  console.error(err);
  res.status(500).json({ error: 'Something went wrong' });
};
