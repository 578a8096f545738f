import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export const secureToken = (bytes = 32) => randomBytes(bytes).toString('base64url');

export const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');

export const challenge = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

export function sameText(a: string, b: string) {
  return timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)));
}

export const hmac = (key: string, body: Buffer | string) => createHmac('sha256', key).update(body).digest('hex');
