const app = require('fastify')();

app.addHook('onRequest', async function guard(request, reply) {
  if (request.routeOptions.config.public) return;
  if (request.headers['x-api-key'] !== 'good') {
    return reply.code(401).send({ error: 'no' });
  }
});

app.get('/health', { config: { public: true } }, async () => ({ ok: true }));
app.get('/data', async () => ({ ok: true }));
app.route({ method: 'POST', url: '/data', config: { public: false }, handler: async () => ({ ok: true }) });

app.listen({ port: 3000 });
