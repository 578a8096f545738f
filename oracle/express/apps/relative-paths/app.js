// What a layer sees as the path depends on where it is mounted; skip lists are written against each of the forms.
const express = require('express');

const app = express();
const isUser = (req) => req.headers.authorization === 'Bearer good';
const send = (req, res) => res.json({});

const OPEN = ['/status', '/docs'];
app.use('/api', function requireUserButOpen(req, res, next) {
  if (OPEN.includes(req.path)) return next();
  if (!isUser(req)) return res.sendStatus(401);
  next();
});
app.get('/api/status', send);
app.get('/api/docs', send);
app.get('/api/docs/internal', send);
app.get('/api/notes', send);

const files = express.Router();
files.use(function requireUserByUrl(req, res, next) {
  if (req.originalUrl.startsWith('/files/public')) return next();
  if (!isUser(req)) return res.status(401).json({ error: 'sign in' });
  next();
});
files.get('/public/:name', send);
files.get('/private/:name', send);
app.use('/files', files);

const area = express.Router();
area.use(function requireUserUnderAdmin(req, res, next) {
  if (req.baseUrl !== '/admin') return next();
  return isUser(req) ? next() : res.redirect('/login');
});
area.get('/list', send);
app.use('/admin', area);
app.use('/open', area);

const wrong = express.Router();
wrong.use(function comparesWholePath(req, res, next) {
  if (req.path === '/wrong/free') return next();
  if (!isUser(req)) return res.sendStatus(401);
  next();
});
wrong.get('/free', send);
app.use('/wrong', wrong);

app.listen(3000);
