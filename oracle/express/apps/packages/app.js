// Middleware of packages in the order of a usual application; one limiter is made and never mounted.
const express = require('express');
const helmet = require('helmet');
const cors = require('cors');
const cookieParser = require('cookie-parser');
const { rateLimit } = require('express-rate-limit');

const app = express();
app.use(helmet());
app.use(cors({ origin: 'https://example.org' }));
app.use(express.json());
app.use(express.urlencoded({ extended: false }));
app.use(cookieParser());
app.use('/api', rateLimit({ windowMs: 60_000, limit: 100 }));

const loginLimiter = rateLimit({ windowMs: 60_000, limit: 5 });
const resetLimiter = rateLimit({ windowMs: 60_000, limit: 3 });

function requireCookie(req, res, next) {
  if (req.cookies.token !== 'good') return res.sendStatus(401);
  next();
}

app.post('/api/login', loginLimiter, (req, res) => res.json({}));
app.post('/api/reset', (req, res) => res.json({}));
app.get('/api/me', requireCookie, (req, res) => res.json({}));
app.get('/theme', (req, res) => res.send(req.cookies.theme || 'light'));

app.listen(3000);
