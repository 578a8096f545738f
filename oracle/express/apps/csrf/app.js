// csrf-csrf refuses a write without its token, which is no authentication.
const express = require('express');
const cookieParser = require('cookie-parser');
const { doubleCsrf } = require('csrf-csrf');

const { doubleCsrfProtection, generateCsrfToken } = doubleCsrf({
  getSecret: () => 'dev',
  getSessionIdentifier: (req) => req.ip,
  cookieName: 'csrf',
});

const app = express();
app.use(cookieParser());
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
app.get('/form', (req, res) => res.json({ token: generateCsrfToken(req, res) }));
app.post('/guestbook', doubleCsrfProtection, (req, res) => res.sendStatus(201));
app.post('/transfer', requireUser, doubleCsrfProtection, (req, res) => res.sendStatus(201));

app.listen(3000);
