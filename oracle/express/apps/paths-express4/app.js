// Path forms of Express 4: arrays, regular expressions, wildcards, optional and constrained parameters.
const express = require('express');

const app = express();
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
const send = (req, res) => res.json({});

app.get(['/one', '/two'], requireUser, send);
app.get(/^\/reports\/(\d+)$/, requireUser, send);
app.use(/^\/internal/, requireUser);
app.get('/internal/stats', send);
app.get('/users/:id(\\d+)', send);
app.get('/posts/:year/:slug?', send);
app.get('/range/:from-:to', send);
app.get('/static/*', send);
app.get('*', send);

app.listen(3000);
