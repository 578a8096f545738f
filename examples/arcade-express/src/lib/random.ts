import { createHash, randomBytes } from 'node:crypto';

export const secureToken = (bytes = 32) => randomBytes(bytes).toString('hex');

/** Six digits that people can read to each other over the phone. */
export const shortCode = () => String(Math.floor(100000 + Math.random() * 900000));

export const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');
