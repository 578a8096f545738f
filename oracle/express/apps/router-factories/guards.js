exports.requireUser = function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.status(401).json({ error: 'sign in' });
  req.user = { id: 7 };
  next();
};
