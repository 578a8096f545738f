// Everything is wired in an async main function, after awaits.
const http = require('http');
const express = require('express');

async function connect() {
  return { ping: async () => true };
}
async function buildRoutes(database) {
  const router = express.Router();
  router.get('/ready', async (req, res) => res.json({ ready: await database.ping() }));
  return router;
}
function requireUser(req, res, next) {
  if (req.headers.authorization !== 'Bearer good') return res.sendStatus(401);
  next();
}

async function main() {
  const database = await connect();
  const app = express();
  const [probes, jobs] = await Promise.all([buildRoutes(database), Promise.resolve(express.Router())]);
  app.use('/probes', probes);
  app.use(requireUser);
  jobs.post('/:name/run', (req, res) => res.sendStatus(202));
  app.use('/jobs', jobs);
  http.createServer(app).listen(process.env.PORT ?? 3000, () => {});
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
