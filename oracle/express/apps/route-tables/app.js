// Routes registered by loops over literal lists.
const express = require('express');

const app = express();
app.use(express.json());

function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
const reply = (value) => (req, res) => res.json(value);

const table = [
  { method: 'get', path: '/cats', handler: reply([]) },
  { method: 'post', path: '/cats', auth: true, handler: reply({ id: 1 }) },
  { method: 'delete', path: '/cats/:id', auth: true, handler: reply({}) },
];
for (const { method, path, auth, handler } of table) {
  if (auth) app[method](path, requireUser, handler);
  else app[method](path, handler);
}

['dogs', 'birds'].forEach((kind) => {
  app.get('/' + kind, reply([]));
  app.put(`/${kind}/:id`, requireUser, reply({}));
});

const router = express.Router();
const pairs = [['/weights', reply({ kg: 3 })], ['/sizes', reply({ cm: 30 })]];
pairs.map(([path, handler]) => router.get(path, handler));

const actions = { feed: reply('fed'), groom: reply('groomed') };
for (const name in actions) router.post(`/actions/${name}`, requireUser, actions[name]);
Object.entries({ patch: '/name', put: '/owner' }).forEach(([method, path]) => router[method](path, reply({})));
for (let index = 0; index < 2; index++) router.get(`/pages/${index}`, reply(index));

app.use('/pets', router);
app.listen(3000);
