// Routers kept in object properties, class fields, arrays and maps.
const express = require('express');

function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}

const routers = { open: express.Router(), closed: express.Router() };
routers.closed.use(requireUser);
routers.open.get('/news', (req, res) => res.json([]));
routers.closed.get('/inbox', (req, res) => res.json([]));

class Billing {
  router = express.Router();
  #guarded = express.Router();

  constructor(guard) {
    this.guard = guard;
    this.router.get('/prices', this.prices);
    this.#guarded.use(this.guard);
    this.#guarded.post('/charge', this.charge.bind(this));
    this.router.use('/secure', this.#guarded);
  }

  prices(req, res) {
    res.json({ basic: 5 });
  }

  charge(req, res) {
    res.json({ charged: true });
  }
}

const versions = [express.Router(), express.Router()];
versions[0].get('/ping', (req, res) => res.send('v1'));
versions[1].get('/ping', requireUser, (req, res) => res.send('v2'));

const areas = new Map();
areas.set('/shop', express.Router());
areas.set('/stock', express.Router());
areas.get('/shop').get('/items', (req, res) => res.json([]));
areas.get('/stock').put('/items/:sku', requireUser, (req, res) => res.json({}));

const app = express();
app.use(routers.open);
app.use('/me', routers['closed']);
app.use('/billing', new Billing(requireUser).router);
versions.forEach((router, index) => app.use(`/v${index + 1}`, router));
for (const [prefix, router] of areas) app.use(prefix, router);
app.listen(3000);
