function checkKey(req, res, next) {
  if (req.headers['x-api-key'] !== 'good') return res.sendStatus(401);
  next();
}
module.exports = { checkKey };
