// Handlers and guards made by higher-order functions.
const express = require('express');
const { asyncHandler, withAuth, compose, authorize, limitTo } = require('./wrap');

const app = express();
app.use(express.json());

class Accounts {
  constructor() {
    this.rows = new Map();
  }
  async list(req, res) {
    res.json([...this.rows.keys()]);
  }
  async remove(req, res) {
    this.rows.delete(req.params.id);
    res.sendStatus(204);
  }
}
const accounts = new Accounts();

app.get('/accounts', asyncHandler(accounts.list.bind(accounts)));
app.delete('/accounts/:id', withAuth(accounts.remove.bind(accounts)));
app.get('/both', compose(authorize('user'), limitTo({ max: 5 })), (req, res) => res.json({}));
app.post('/admin/reset', authorize('admin', 'owner'), asyncHandler(async (req, res) => res.json({ reset: true })));
app.post('/open', limitTo({ max: 2 }), asyncHandler(async (req, res) => res.json({})));
app.put('/curried', authorize('user'), ((status) => (req, res) => res.sendStatus(status))(202));

app.listen(3000);
