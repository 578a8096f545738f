// The application and routers are handed to functions that register on them; others register through a closure.
const express = require('express');

const app = express();
const api = express.Router();

function checkKey(req, res, next) {
  if (req.get('x-api-key') !== 'good') return res.sendStatus(401);
  next();
}

function registerReports(router) {
  router.get('/reports', (req, res) => res.json([]));
  router.post('/reports', checkKey, (req, res) => res.sendStatus(201));
}

function registerStatus(target, path = '/status') {
  target.get(path, (req, res) => res.json({ up: true }));
}

const registrar = (router) => ({
  protect: () => router.use(checkKey),
  add(path, handler) {
    router.get(path, handler);
    return this;
  },
});

registerReports(api);
registerStatus(app);
const register = registrar(api);
register.add('/open', (req, res) => res.json({ open: true }));
register.protect();
register.add('/closed', (req, res) => res.json({ open: false })).add('/sealed', (req, res) => res.json({}));
registerStatus(api, '/inner-status');

(function mount() {
  app.use('/api', api);
})();

app.listen(8080);
