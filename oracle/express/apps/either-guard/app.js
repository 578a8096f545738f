// Guards chosen by the environment: one of two real ones, one or none, and one that is chosen at each request.
const express = require('express');

const app = express();
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
function requireKey(req, res, next) {
  if (req.headers['x-api-key'] !== 'good') return res.status(401).json({ error: 'key' });
  next();
}
const send = (req, res) => res.json({});

if (process.env.NODE_ENV === 'production') {
  app.use('/both', requireUser);
} else {
  app.use('/both', requireKey);
}
app.get('/both/data', send);

app.get('/chosen', process.env.NODE_ENV === 'production' ? requireUser : requireKey, send);

if (process.env.NODE_ENV === 'production') app.use('/one', requireUser);
app.get('/one/data', send);

app.get('/each', function chooseGuard(req, res, next) {
  const guard = process.env.NODE_ENV === 'production' ? requireUser : requireKey;
  guard(req, res, next);
}, send);

app.listen(3000);
