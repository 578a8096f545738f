import type { RequestHandler } from 'express';
import { hmac, sameText } from '../lib/random.js';

/** Lets a request on whose body was signed with a secret that only the sender and we know. */
export function requireSignature(header: string, key: string): RequestHandler {
  return (req, res, next) => {
    const given = req.get(header);
    if (!given || !req.rawBody || !sameText(given, hmac(key, req.rawBody))) {
      res.status(401).json({ error: 'Signature is missing or wrong' });
      return;
    }
    next();
  };
}
