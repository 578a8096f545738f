import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { config } from '../config.js';

/** Browsers always send an origin with what could be forged; servers and apps send none. */
export function allowedOrigin(req: IncomingMessage) {
  return req.headers.origin === config.webUrl;
}

export const sameOrigin: RequestHandler = (req, res, next) => {
  const reads = req.method === 'GET' || req.method === 'HEAD' || req.method === 'OPTIONS';
  if (!reads && req.headers.origin && !allowedOrigin(req)) {
    res.status(403).json({ error: 'Foreign origin' });
    return;
  }
  next();
};
