export default function log(req, res, next) {
  next();
}
