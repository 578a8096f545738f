// Mounting driven by a configuration object, a plug-in list and an application class with chained methods.
const express = require('express');
const { features } = require('./features');

const guards = {
  none: (req, res, next) => next(),
  user(req, res, next) {
    if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
    next();
  },
};

class Builder {
  constructor() {
    this.app = express();
  }
  with(plugin, options = {}) {
    plugin(this.app, options);
    return this;
  }
  listen(port) {
    this.app.listen(port);
    return this;
  }
}

const mountFeatures = (app, { base }) => {
  features
    .filter(({ enabled = true }) => enabled)
    .map(({ path, guard, router }) => [base + path, guards[guard ?? 'none'], router])
    .forEach((parts) => app.use(...parts));
};
const health = (app, { path }) => app.get(path, (req, res) => res.send('ok'));

new Builder().with(health, { path: '/live' }).with(mountFeatures, { base: '/api' }).with(health, { path: '/api/ready' }).listen(3000);
