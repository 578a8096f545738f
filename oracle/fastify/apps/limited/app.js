const fastify = require('fastify');

async function start() {
  const app = fastify();
  await app.register(require('@fastify/rate-limit'), { max: 100, timeWindow: '1 minute' });
  app.addHook('onRequest', async function guard(request, reply) {
    if (request.headers['x-api-key'] !== 'good') return reply.code(401).send({ error: 'no' });
  });
  app.get('/all', async () => ({ ok: true }));
  app.get('/few', { config: { rateLimit: { max: 5, timeWindow: 1000 } } }, async () => ({ ok: true }));
  app.get('/free', { config: { rateLimit: false } }, async () => ({ ok: true }));
  await app.listen({ port: 3000 });
}

start();
