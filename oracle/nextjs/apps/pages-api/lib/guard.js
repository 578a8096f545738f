export function guarded(handler) {
  return async function check(req, res) {
    if (req.cookies.token !== process.env.TOKEN) {
      res.status(401).json({ error: 'log in first' });
      return;
    }
    return handler(req, res);
  };
}
