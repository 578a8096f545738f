// app.param and router.param run before the routes that have the parameter; one of them refuses.
const express = require('express');

const app = express();
const projects = express.Router({ mergeParams: true });

app.param('org', function loadOrg(req, res, next, id) {
  req.org = { id };
  next();
});
projects.param('project', function checkMember(req, res, next, id) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(403);
  next();
});

projects.get('/', (req, res) => res.json([]));
projects.get('/:project', (req, res) => res.json({ id: req.params.project }));
projects.delete('/:project', (req, res) => res.sendStatus(204));

app.get('/orgs/:org', (req, res) => res.json(req.org));
app.use('/orgs/:org/projects', projects);
app.get('/projects/:project', (req, res) => res.json({}));

app.listen(3000);
