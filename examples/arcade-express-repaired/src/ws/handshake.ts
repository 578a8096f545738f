import type { IncomingMessage } from 'node:http';
import { ACCESS_COOKIE } from '../lib/cookies.js';
import { principalOf } from '../services/sessions.js';

function readCookie(req: IncomingMessage, name: string) {
  const pairs = (req.headers.cookie ?? '').split('; ').map((pair) => pair.split('='));
  return pairs.find(([key]) => key === name)?.[1];
}

/** The access token of a live session, or null. */
export async function authenticateUpgrade(req: IncomingMessage): Promise<string | null> {
  const token = readCookie(req, ACCESS_COOKIE);
  return token && (await principalOf(token)) ? token : null;
}
