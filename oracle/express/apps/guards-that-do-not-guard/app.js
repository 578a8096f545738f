// Names promise what the code does not do.
const express = require('express');

const app = express();
const verify = (token) => {
  if (token !== 'Bearer good') throw new Error('bad token');
  return { id: 7 };
};

function requireAuth(req, res, next) {
  try {
    req.user = verify(req.headers.authorization);
    next();
  } catch {
    next();
  }
}
function optionalUser(req, res, next) {
  const header = req.headers.authorization;
  req.user = header === 'Bearer good' ? { id: 7 } : null;
  next();
}
function requireHeader(req, res, next) {
  if (!req.headers.authorization) return res.sendStatus(401);
  next();
}
function isAuthenticated(req, res, next) {
  next();
}
function mw7(req, res, next) {
  const user = req.headers.authorization === 'Bearer good';
  return user ? next() : res.status(401).end();
}
const send = (req, res) => res.json({ user: req.user ?? null });

app.get('/fail-open', requireAuth, send);
app.get('/optional', optionalUser, send);
app.get('/presence', requireHeader, send);
app.get('/named-only', isAuthenticated, send);
app.get('/plain-name', mw7, send);
app.get('/checked-in-handler', optionalUser, function ownCheck(req, res) {
  if (!req.user) return res.status(401).json({ error: 'sign in' });
  res.json(req.user);
});

app.listen(3000);
