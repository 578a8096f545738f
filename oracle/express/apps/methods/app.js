// A guard registered for one method leaves the others of the same path open.
const express = require('express');

const app = express();
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
const send = (req, res) => res.json({ method: req.method });

app.post('/files/:name', requireUser);
app.post('/files/:name', send);
app.get('/files/:name', send);
app.delete('/files/:name', send);

app.use('/writes', function unlessRead(req, res, next) {
  if (req.method === 'GET') return next();
  requireUser(req, res, next);
});
app.get('/writes/a', send);
app.post('/writes/a', send);

app.all('/any/*rest', send);
app.all('/locked', requireUser, send);

app.listen(3000);
