// Applications mounted in applications, with layers on every level.
const express = require('express');

const app = express();
const admin = express();
const audit = express();

function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
function logAccess(req, res, next) {
  next();
}

audit.use(logAccess);
audit.get('/entries', (req, res) => res.json([]));

admin.get('/version', (req, res) => res.send('1'));
admin.use(requireUser);
admin.use('/audit', audit);
admin.delete('/users/:id', (req, res) => res.sendStatus(204));

app.get('/', (req, res) => res.send('home'));
app.use('/admin', admin);
app.use('/trail', audit);

const forgotten = express();
forgotten.get('/never', (req, res) => res.send('unreachable'));

app.listen(3000);
