// express-session: the session is loaded everywhere, and only some routes refuse those without a user in it.
const express = require('express');
const session = require('express-session');

const app = express();
app.use(express.json());
app.use(session({ secret: process.env.SESSION_SECRET || 'dev', resave: false, saveUninitialized: false }));

function requireLogin(req, res, next) {
  if (!req.session.userId) return res.redirect('/login');
  next();
}

app.get('/login', (req, res) => res.send('<form method="post">'));
app.post('/login', (req, res) => {
  if (req.body.password !== 'hunter2') return res.status(401).json({ error: 'wrong' });
  req.session.userId = 7;
  res.json({ ok: true });
});
app.post('/logout', (req, res) => req.session.destroy(() => res.json({ ok: true })));
app.get('/dashboard', requireLogin, (req, res) => res.json({ user: req.session.userId }));
app.get('/greeting', (req, res) => res.send(req.session.userId ? 'hello again' : 'hello'));

app.listen(3000);
