const express = require('express');
const { requireUser } = require('./guards');

const build = () => express.Router();

exports.makeComments = () => {
  const router = build();
  router.get('/:id', (req, res) => res.json({ id: req.params.id }));
  router.delete('/:id', requireUser, (req, res) => res.status(204).end());
  return router;
};
