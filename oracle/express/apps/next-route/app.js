// next('route') leaves the rest of a route, next('router') the rest of a router.
const express = require('express');

const app = express();
const isUser = (req) => req.headers.authorization === 'Bearer good';

function userOrNextRoute(req, res, next) {
  next(isUser(req) ? undefined : 'route');
}
app.get('/profile', userOrNextRoute, function ownProfile(req, res) {
  res.json({ me: true });
});
app.get('/profile', function refuse(req, res) {
  res.sendStatus(401);
});

app.get('/banner', userOrNextRoute, function personalBanner(req, res) {
  res.send('hello you');
});
app.get('/banner', function publicBanner(req, res) {
  res.send('hello');
});

const inner = express.Router();
inner.use(function userOrNextRouter(req, res, next) {
  next(isUser(req) ? undefined : 'router');
});
inner.get('/vault', function vault(req, res) {
  res.json({ gold: 3 });
});
app.use('/inner', inner, function refuseRest(req, res) {
  res.sendStatus(401);
});

app.listen(3000);
