// Handlers that hand the request on: to a later route of the same path, to a catch-all, or to nobody.
const express = require('express');

const app = express();
const isUser = (req) => req.headers.authorization === 'Bearer good';

app.get('/report', function fullReport(req, res, next) {
  if (!isUser(req)) return next();
  res.json({ lines: [1, 2, 3] });
});
app.get('/report', function shortReport(req, res) {
  res.json({ lines: [] });
});

app.get('/ledger', function ledger(req, res, next) {
  if (!isUser(req)) return next();
  res.json([]);
});

app.get('/answered-twice', function forgetsToReturn(req, res, next) {
  if (!isUser(req)) req.rejected = true;
  next();
}, function answers(req, res) {
  res.json({ rejected: Boolean(req.rejected) });
});

class Forbidden extends Error {}
app.get('/vault', function vault(req, res) {
  if (!isUser(req)) throw new Forbidden('no');
  res.json({ gold: 1 });
});

app.use(function refuseRest(req, res) {
  res.sendStatus(401);
});
app.use(function answerForbidden(error, req, res, next) {
  if (error instanceof Forbidden) return res.status(403).json({ error: error.message });
  next(error);
});

app.listen(3000);
