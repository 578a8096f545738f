const router = require('express').Router();
router.get('/faq', (req, res) => res.json([]));
exports.prefix = '/public';
exports.router = router;
exports.open = true;
