import type { Response } from 'express';
import { config } from '../config.js';

const DAY = 24 * 60 * 60 * 1000;

export const REFRESH_COOKIE = 'arcade_refresh';
export const ACCESS_COOKIE = 'arcade_access';

export function setSessionCookies(res: Response, accessToken: string, refreshToken: string) {
  res.cookie(ACCESS_COOKIE, accessToken, { httpOnly: true, sameSite: 'none', secure: process.env.COOKIE_SECURE === '1' });
  res.cookie(REFRESH_COOKIE, refreshToken, { maxAge: config.refreshDays * DAY });
}

export function clearSessionCookies(res: Response) {
  res.clearCookie(ACCESS_COOKIE);
  res.clearCookie(REFRESH_COOKIE);
}
