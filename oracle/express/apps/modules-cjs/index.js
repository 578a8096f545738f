// CommonJS: exports written in several ways, and a directory of route files that are required one by one.
const fs = require('fs');
const path = require('path');
const express = require('express');
const { requireUser: guard, ...others } = require('./lib');

const app = express();
app.use(others.trace);

for (const file of fs.readdirSync(path.join(__dirname, 'routes')).sort()) {
  const { prefix, router, open } = require(path.join(__dirname, 'routes', file));
  if (open) app.use(prefix, router);
  else app.use(prefix, guard, router);
}

exports.app = app;
