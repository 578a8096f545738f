// jsonwebtoken, jose and express-jwt guards, a log-in that issues, a refresh by cookie, and a decode that verifies nothing.
const express = require('express');
const cookieParser = require('cookie-parser');
const jwt = require('jsonwebtoken');
const { expressjwt } = require('express-jwt');

const SECRET = 'dev-secret';
const app = express();
app.use(express.json(), cookieParser());

function verifyToken(req, res, next) {
  const [scheme, token] = (req.headers.authorization || '').split(' ');
  if (scheme !== 'Bearer' || !token) return res.status(401).json({ error: 'no token' });
  try {
    req.user = jwt.verify(token, SECRET, { algorithms: ['HS256'] });
  } catch {
    return res.status(403).json({ error: 'bad token' });
  }
  next();
}
function decodeToken(req, res, next) {
  const token = (req.headers.authorization || '').slice(7);
  req.user = jwt.decode(token);
  next();
}

app.post('/login', (req, res) => {
  if (req.body.password !== 'hunter2') return res.sendStatus(401);
  res.cookie('refreshToken', jwt.sign({ sub: 7, kind: 'refresh' }, SECRET), { httpOnly: true });
  res.json({ token: jwt.sign({ sub: 7 }, SECRET, { expiresIn: '15m' }) });
});
app.post('/refresh', (req, res) => {
  try {
    const { sub } = jwt.verify(req.cookies.refreshToken, SECRET);
    res.json({ token: jwt.sign({ sub }, SECRET, { expiresIn: '15m' }) });
  } catch {
    res.sendStatus(401);
  }
});
app.get('/verified', verifyToken, (req, res) => res.json(req.user));
app.get('/decoded', decodeToken, (req, res) => res.json(req.user));
app.get('/packaged', expressjwt({ secret: SECRET, algorithms: ['HS256'] }), (req, res) => res.json(req.auth));
app.get('/packaged-optional', expressjwt({ secret: SECRET, algorithms: ['HS256'], credentialsRequired: false }), (req, res) => res.json({}));

app.listen(3000);
