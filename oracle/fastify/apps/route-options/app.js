const app = require('fastify')();

async function guard(request, reply) {
  if (request.headers['x-api-key'] !== 'good') {
    return reply.status(401).send({ error: 'no' });
  }
}

app.route({
  method: ['GET', 'POST'],
  url: '/things',
  onRequest: guard,
  handler: async function things() {
    return [];
  },
});
app.route({ method: 'delete', url: '/things/:id', handler: async () => ({ ok: true }) });
app.get('/in-options', {
  preHandler: [guard],
  handler: async () => ({ ok: true }),
});
app.all('/anything', async () => ({ ok: true }));
for (const name of ['red', 'green']) {
  app.get(`/colours/${name}`, async () => name);
}

app.listen({ port: 3000 });
