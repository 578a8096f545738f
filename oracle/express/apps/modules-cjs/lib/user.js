function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}
exports.requireUser = requireUser;
