const { Router } = require('express');

const crud = (noun) => {
  const router = Router();
  router.get('/', (req, res) => res.json([noun]));
  router.post('/', (req, res) => res.status(201).json({ noun }));
  return router;
};

exports.features = [
  { path: '/wines', router: crud('wine') },
  { path: '/cellars', guard: 'user', router: crud('cellar') },
  { path: '/beta', guard: 'user', enabled: false, router: crud('beta') },
];
