// passport: a log-in by strategy and guards by isAuthenticated().
const express = require('express');
const session = require('express-session');
const passport = require('passport');
const { Strategy } = require('passport-local');

const users = [{ id: 7, username: 'ada', password: 'hunter2' }];
passport.use(new Strategy((username, password, done) => {
  const user = users.find((one) => one.username === username && one.password === password);
  done(null, user || false);
}));
passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((id, done) => done(null, users.find((user) => user.id === id) || false));

const app = express();
app.use(express.json());
app.use(session({ secret: 'dev', resave: false, saveUninitialized: false }));
app.use(passport.initialize());
app.use(passport.session());

function ensureLoggedIn(req, res, next) {
  if (req.isAuthenticated()) return next();
  res.status(401).json({ error: 'sign in' });
}

app.post('/login', passport.authenticate('local'), (req, res) => res.json({ id: req.user.id }));
app.get('/me', ensureLoggedIn, (req, res) => res.json(req.user));
app.get('/time', (req, res) => res.json({ now: 0 }));

app.listen(3000);
