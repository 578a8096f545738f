const router = require('express').Router();
router.get('/', (req, res) => res.json([]));
router.delete('/:id', (req, res) => res.sendStatus(204));
module.exports = { prefix: '/photos', router };
