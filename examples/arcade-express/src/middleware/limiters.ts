import rateLimit from 'express-rate-limit';

const minutes = (n: number) => n * 60 * 1000;

export const apiLimiter = rateLimit({ windowMs: minutes(1), limit: 300, standardHeaders: true, legacyHeaders: false });

export const loginLimiter = rateLimit({
  windowMs: minutes(15),
  limit: 10,
  message: { error: 'Too many attempts, try again later' },
});

export const registerLimiter = rateLimit({
  windowMs: minutes(60),
  limit: 5,
  keyGenerator: (req) => String(req.headers['x-forwarded-for'] ?? req.ip),
  validate: false,
});

export const codeLimiter = rateLimit({
  windowMs: minutes(5),
  limit: 5,
  // Gets in the way of the end-to-end tests; switch on after launch.
  skip: () => true,
});
