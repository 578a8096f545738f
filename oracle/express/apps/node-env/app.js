// What stands under a condition on the environment is conditional.
const express = require('express');
const config = require('./config');

const app = express();
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
const send = (req, res) => res.json({});

app.get('/before', send);
if (process.env.NODE_ENV === 'production') {
  app.use('/account', requireUser);
}
app.get('/account/me', send);

const maybe = config.isTest ? (req, res, next) => next() : requireUser;
app.post('/maybe', maybe, send);

config.isProduction || app.get('/debug/state', send);

app.get('/always', requireUser, send);
app.get('/skips', function requireUnlessDevelopment(req, res, next) {
  if (process.env.NODE_ENV === 'development') return next();
  requireUser(req, res, next);
}, send);

app.listen(3000);
