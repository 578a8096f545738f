// express-ws: a socket route runs through the layers of Express, but only those that stand before it.
const express = require('express');
const expressWs = require('express-ws');

const app = express();
expressWs(app);

function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.status(401).end();
  next();
}

app.ws('/ticker', (socket) => {
  socket.on('message', () => socket.send('{"price":3}'));
});

const router = express.Router();
router.ws('/room/:id', (socket, req) => {
  socket.on('message', (text) => socket.send(JSON.stringify({ room: req.params.id, text })));
});
router.get('/list', (req, res) => res.json([]));

app.use('/secure', requireUser, router);

app.listen(3000);
