// Paths from constants, enums, concatenation and template strings.
const express = require('express');
const { BASE, ROUTES, prefix } = require('./paths');

const app = express();
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
const send = (req, res) => res.json({});

app.get(BASE + '/version', send);
app.use(prefix('private'), requireUser);
app.get(`${prefix('private')}/${ROUTES.SECRETS}`, send);
app.get([BASE, ROUTES.USERS, ':id'].join('/'), send);
app.post(BASE.concat('/', ROUTES.USERS), requireUser, send);
app.get(String(process.env.HEALTH_PATH || '/health'), send);

app.listen(3000);
