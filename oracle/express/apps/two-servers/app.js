// The public application and an administrative one on another port.
const express = require('express');

const site = express();
site.get('/', (req, res) => res.send('welcome'));
site.post('/orders', (req, res) => res.sendStatus(201));

const admin = express();
admin.use(function requireKey(req, res, next) {
  if (req.headers['x-api-key'] !== 'good') return res.sendStatus(401);
  next();
});
admin.get('/metrics', (req, res) => res.json({}));

site.listen(3000);
admin.listen(9000);
