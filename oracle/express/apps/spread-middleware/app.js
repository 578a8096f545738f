// Arrays of middleware, nested and spread, and lists built from other lists.
const express = require('express');

const app = express();

function stamp(req, res, next) {
  req.stamp = 1;
  next();
}
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  req.user = { role: 'admin' };
  next();
}
function requireAdmin(req, res, next) {
  if (req.user?.role !== 'admin') return res.sendStatus(403);
  next();
}

const basic = [stamp];
const secured = [...basic, requireUser];
const admin = secured.concat(requireAdmin);
const send = (req, res) => res.json({ ok: true });

app.get('/plain', basic, send);
app.get('/secured', secured, send);
app.get('/admin', ...admin, send);
app.post('/nested', [stamp, [requireUser, [requireAdmin]]], send);
app.use('/zone', ...[stamp, requireUser]);
app.get('/zone/map', [send]);
app.get('/filtered', admin.filter((layer) => layer !== requireUser && layer !== requireAdmin), send);

app.listen(3000);
