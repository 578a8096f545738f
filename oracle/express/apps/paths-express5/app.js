// Path forms of Express 5: named wildcards and optional groups.
const express = require('express');

const app = express();
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
const send = (req, res) => res.json({});

app.get('/files/*path', requireUser, send);
app.get('/posts/:year{/:slug}', send);
app.get(['/one', '/two'], send);
app.get('/*rest', send);

app.listen(3000);
