// router.route() chains: `all` guards the methods after it, not those before.
const express = require('express');

const app = express();
const router = express.Router();

function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}

router
  .route('/books')
  .get((req, res) => res.json([]))
  .post(requireUser, (req, res) => res.sendStatus(201));

router
  .route('/books/:isbn')
  .get(function readBook(req, res) {
    res.json({ isbn: req.params.isbn });
  })
  .all(requireUser)
  .put(function replaceBook(req, res) {
    res.json({});
  })
  .delete(function removeBook(req, res) {
    res.sendStatus(204);
  });

const shelf = app.route('/shelf');
shelf.all(requireUser);
shelf.get((req, res) => res.json([]));

app.use(router);
app.listen(3000);
