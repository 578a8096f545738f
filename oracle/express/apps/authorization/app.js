// Roles and ownership behind authentication; one role check stands alone and refuses everybody who has no user.
const express = require('express');

const app = express();
const users = { good: { id: 7, role: 'admin' } };
const posts = new Map([[1, { id: 1, owner: 7 }]]);

function attachUser(req, res, next) {
  const token = (req.headers.authorization || '').split(' ')[1];
  req.user = users[token];
  next();
}
function requireUser(req, res, next) {
  return req.user ? next() : res.sendStatus(401);
}
const allow = (...roles) => (req, res, next) => (req.user && roles.includes(req.user.role) ? next() : res.sendStatus(403));
function ownPost(req, res, next) {
  const post = posts.get(Number(req.params.id));
  if (!post) return res.sendStatus(404);
  if (post.owner !== req.user.id) return res.sendStatus(403);
  next();
}

app.use(attachUser);
app.get('/posts', (req, res) => res.json([...posts.values()]));
app.put('/posts/:id', requireUser, ownPost, (req, res) => res.json({}));
app.delete('/posts/:id', requireUser, allow('admin'), (req, res) => res.sendStatus(204));
app.get('/admin/users', allow('admin', 'support'), (req, res) => res.json(users));
app.post('/posts/:id/likes', (req, res) => res.json({ by: req.user?.id ?? 'anonymous' }));

app.listen(3000);
