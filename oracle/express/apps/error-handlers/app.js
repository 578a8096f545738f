// Error handlers are no guards, and a guard that throws is turned into 401 by one.
const express = require('express');

const app = express();

class Unauthorized extends Error {
  constructor() {
    super('unauthorized');
    this.status = 401;
  }
}
function throwUnlessUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') throw new Unauthorized();
  next();
}
function passErrorUnlessUser(req, res, next) {
  next(req.headers.authorization === 'Bearer good' ? undefined : new Unauthorized());
}
const send = (req, res) => res.json({ ok: true });

app.get('/thrown', throwUnlessUser, send);
app.get('/passed', passErrorUnlessUser, send);
app.get('/swallowed', throwUnlessUser, function recover(error, req, res, next) {
  next();
}, send);
app.use(function logErrors(error, req, res, next) {
  next(error);
});
app.use(function answerErrors(error, req, res, next) {
  res.status(error.status || 500).json({ error: error.message });
});
app.get('/late', send);

app.listen(3000);
