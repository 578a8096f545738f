export default function handler(req, res) {
  const { id } = req.query;
  switch (req.method) {
    case 'GET':
      return res.status(200).json({ id });
    case 'DELETE':
      if (req.headers.authorization !== `Bearer ${process.env.TOKEN}`) {
        return res.status(403).end();
      }
      return res.status(200).json({ removed: id });
    default:
      return res.status(405).end();
  }
}
