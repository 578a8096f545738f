// A prefix covers path segments, not letters.
const express = require('express');

const app = express();
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
const send = (req, res) => res.json({ url: req.originalUrl });

app.use('/api', requireUser);
app.use(['/reports', '/exports'], requireUser);
app.use('/teams/:team', requireUser);

app.get('/api', send);
app.get('/api/users', send);
app.get('/apix/users', send);
app.get('/api-docs', send);
app.get('/reports/2024', send);
app.get('/reporting', send);
app.get('/exports', send);
app.get('/teams', send);
app.get('/teams/:team', send);
app.get('/teams/:team/members', send);

app.listen(3000);
