const userOf = (req) => (req.headers.authorization === 'Bearer good' ? { id: 7, roles: ['user', 'admin'] } : null);

exports.asyncHandler = (fn) =>
  function asyncWrapped(req, res, next) {
    return Promise.resolve(fn(req, res, next)).catch(next);
  };

exports.withAuth = (handler) =>
  async function authenticated(req, res, next) {
    req.user = userOf(req);
    if (!req.user) return res.status(401).json({ error: 'sign in' });
    return handler(req, res, next);
  };

exports.compose = (...layers) =>
  function composed(req, res, next) {
    const run = (index) => (error) => {
      if (error || index === layers.length) return next(error);
      layers[index](req, res, run(index + 1));
    };
    run(0)();
  };

exports.authorize = (...roles) =>
  function authorizeRoles(req, res, next) {
    req.user = userOf(req);
    if (!req.user) return res.sendStatus(401);
    if (!roles.some((role) => req.user.roles.includes(role))) return res.sendStatus(403);
    next();
  };

exports.limitTo = ({ max = 10 } = {}) => {
  const seen = new Map();
  return function limited(req, res, next) {
    const count = (seen.get(req.ip) || 0) + 1;
    seen.set(req.ip, count);
    if (count > max) return res.sendStatus(429);
    next();
  };
};
