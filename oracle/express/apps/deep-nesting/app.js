// Four levels of routers, parameters in prefixes, layers on each level.
const express = require('express');

const layer = (name) => ({ [name]: (req, res, next) => next() })[name];
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}

const app = express();
const org = express.Router();
const team = express.Router({ mergeParams: true });
const task = express.Router({ mergeParams: true });
const note = express.Router({ mergeParams: true });

app.use(layer('first'));
org.use(layer('second'));
org.get('/', (req, res) => res.json({}));
team.get('/', layer('third'), (req, res) => res.json({}));
team.use(requireUser);
task.get('/:task', (req, res) => res.json(req.params));
note.post('/', layer('fourth'), (req, res) => res.status(201).json(req.params));

task.use('/:task/notes', note);
team.use('/tasks', task);
org.use('/teams/:team', team);
app.use('/orgs/:org', org);
app.use(layer('tooLate'));

app.listen(3000);
