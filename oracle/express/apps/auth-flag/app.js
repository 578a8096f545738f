// A switch of its own turns authentication off.
const express = require('express');

const app = express();
const disabled = process.env.DISABLE_AUTH === 'true';

function requireUser(req, res, next) {
  if (disabled) return next();
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
app.get('/ledger', requireUser, (req, res) => res.json([]));
app.get('/rates', (req, res) => res.json([]));
app.listen(3000);
