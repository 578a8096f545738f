// One router, two prefixes: only one of them is guarded.
const express = require('express');

const app = express();
const orders = express.Router();
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
orders.get('/', (req, res) => res.json([]));
orders.post('/:id/cancel', (req, res) => res.json({ cancelled: req.params.id }));

app.use('/v2/orders', requireUser, orders);
app.use('/v1/orders', orders);
app.use(['/a', '/b'], orders);

app.listen(3000);
