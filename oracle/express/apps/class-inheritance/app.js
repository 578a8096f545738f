// Controllers with a common base: hooks, overridden guards, super calls and a mixin.
const express = require('express');

function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}

class Controller {
  constructor(path) {
    this.path = path;
    this.router = express.Router();
    this.guards().forEach((guard) => this.router.use(guard));
    this.routes(this.router);
  }
  guards() {
    return [requireUser];
  }
  routes(router) {
    router.get('/', (req, res) => this.list(req, res));
  }
  list(req, res) {
    res.json([]);
  }
}

class Invoices extends Controller {
  constructor() {
    super('/invoices');
  }
  routes(router) {
    super.routes(router);
    router.post('/', this.create);
  }
  create(req, res) {
    res.sendStatus(201);
  }
}

class Catalogue extends Controller {
  guards() {
    return [];
  }
}

const Exporting = (Base) =>
  class extends Base {
    routes(router) {
      router.get('/export', function exportAll(req, res) {
        res.json([]);
      });
      super.routes(router);
    }
  };

class Partners extends Exporting(Controller) {}

class Server {
  static controllers = [new Invoices(), new Catalogue('/catalogue'), new Partners('/partners')];
  app = express();
  start() {
    Server.controllers.forEach(({ path, router }) => this.app.use(path, router));
    this.app.listen(3000);
    return this;
  }
}

module.exports = new Server().start().app;
