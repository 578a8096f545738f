// One global guard with a list of paths that it lets pass.
const express = require('express');

const app = express();
const open = ['/login', '/health'];

app.use(function guardAll(req, res, next) {
  if (open.includes(req.path) || req.path.startsWith('/public/')) return next();
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
});
app.post('/login', (req, res) => res.json({}));
app.get('/health', (req, res) => res.json({}));
app.get('/public/terms', (req, res) => res.send('terms'));
app.get('/documents', (req, res) => res.json([]));
app.delete('/documents/:id', (req, res) => res.sendStatus(204));

app.listen(3000);
