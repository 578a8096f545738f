import type { CookieOptions, Response } from 'express';
import { config } from '../config.js';

const DAY = 24 * 60 * 60 * 1000;

export const REFRESH_COOKIE = 'arcade_refresh';
export const ACCESS_COOKIE = 'arcade_access';
export const PENDING_COOKIE = 'arcade_pending';
export const OAUTH_COOKIE = 'arcade_oauth';

const strict: CookieOptions = { httpOnly: true, secure: true, sameSite: 'strict' };

export function setSessionCookies(res: Response, accessToken: string, refreshToken: string) {
  res.cookie(ACCESS_COOKIE, accessToken, { ...strict, maxAge: 15 * 60 * 1000 });
  res.cookie(REFRESH_COOKIE, refreshToken, { ...strict, path: '/api/auth', maxAge: config.refreshDays * DAY });
}

export function setPendingCookie(res: Response, token: string) {
  res.cookie(PENDING_COOKIE, token, { ...strict, path: '/api/auth', maxAge: 5 * 60 * 1000 });
}

/** Comes back on the redirect from GitHub, hence `lax`. */
export function setOauthCookie(res: Response, value: string) {
  res.cookie(OAUTH_COOKIE, value, {
    httpOnly: true,
    secure: true,
    sameSite: 'lax',
    signed: true,
    path: '/api/oauth',
    maxAge: 10 * 60 * 1000,
  });
}

export function clearSessionCookies(res: Response) {
  res.clearCookie(ACCESS_COOKIE, strict);
  res.clearCookie(REFRESH_COOKIE, { ...strict, path: '/api/auth' });
}
