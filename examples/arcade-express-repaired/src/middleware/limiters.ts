import rateLimit from 'express-rate-limit';

const minutes = (n: number) => n * 60 * 1000;

export const apiLimiter = rateLimit({ windowMs: minutes(1), limit: 300, standardHeaders: true, legacyHeaders: false });

export const loginLimiter = rateLimit({
  windowMs: minutes(15),
  limit: 10,
  message: { error: 'Too many attempts, try again later' },
});

export const registerLimiter = rateLimit({ windowMs: minutes(60), limit: 5 });

export const codeLimiter = rateLimit({ windowMs: minutes(5), limit: 5 });

export const resetLimiter = rateLimit({ windowMs: minutes(60), limit: 5 });

export const inviteLimiter = rateLimit({ windowMs: minutes(15), limit: 20 });
