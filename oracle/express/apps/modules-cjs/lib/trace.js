module.exports = function trace(req, res, next) {
  next();
};
