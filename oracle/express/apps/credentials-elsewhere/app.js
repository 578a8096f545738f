// Credentials in places other than the customary headers: a signature over the body, a body field, the query.
const crypto = require('crypto');
const express = require('express');

const app = express();
const SECRET = 'dev-webhook-secret';
const refreshTokens = new Set(['good']);

function verifySignature(req, res, next) {
  const given = Buffer.from(req.headers['x-signature'] || '', 'hex');
  const expected = crypto.createHmac('sha256', SECRET).update(req.body).digest();
  if (given.length !== expected.length || !crypto.timingSafeEqual(given, expected)) return res.sendStatus(401);
  next();
}
function requireQueryKey(req, res, next) {
  if (req.query.api_key !== 'good') return res.status(401).json({ error: 'key' });
  next();
}

app.post('/webhooks/payments', express.raw({ type: '*/*' }), verifySignature, (req, res) => res.sendStatus(200));
app.post('/webhooks/builds', express.raw({ type: '*/*' }), (req, res) => res.sendStatus(200));
app.use(express.json());
app.post('/token/refresh', (req, res) => {
  if (!refreshTokens.has(req.body.refreshToken)) return res.status(401).json({ error: 'expired' });
  res.json({ token: 'new' });
});
app.get('/feed', requireQueryKey, (req, res) => res.json([]));
app.post('/reset/:token', (req, res) => (req.params.token === '1' ? res.json({}) : res.sendStatus(404)));

app.listen(3000);
