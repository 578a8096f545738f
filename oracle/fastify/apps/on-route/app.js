const app = require('fastify')();

async function guard(request, reply) {
  if (request.headers['x-api-key'] !== 'good') {
    return reply.code(401).send({ error: 'no' });
  }
}

app.get('/before', { config: { secured: true } }, async () => ({ ok: true }));
app.addHook('onRoute', (route) => {
  if (route.config && route.config.secured) {
    route.preHandler = [guard, ...[].concat(route.preHandler ?? [])];
  }
});
app.get('/secured', { config: { secured: true } }, async () => ({ ok: true }));
app.get('/open', async () => ({ ok: true }));
app.register(async (instance) => {
  instance.get('/below', { config: { secured: true } }, async () => ({ ok: true }));
});

app.listen({ port: 3000 });
