const { Router } = require('express');

module.exports = function makeAlbums({ guard }) {
  const router = Router();
  const albums = [];
  if (guard) router.use(guard);
  router.get('/', function listAlbums(req, res) {
    res.json(albums);
  });
  router.post('/', function addAlbum(req, res) {
    albums.push(req.body);
    res.status(201).json(req.body);
  });
  return router;
};
