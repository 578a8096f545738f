const app = require('fastify')();

app.register(require('@fastify/sensible'));
app.register(async (instance) => {
  instance.get('/thrown', async (request) => {
    if (request.headers['x-api-key'] !== 'good') throw instance.httpErrors.unauthorized();
    return { ok: true };
  });
  instance.get('/replied', async (request, reply) => {
    if (request.headers['x-api-key'] !== 'good') return reply.forbidden('no');
    return { ok: true };
  });
  instance.get('/asserted', async (request) => {
    instance.assert(request.headers['x-api-key'] === 'good', 401);
    return { ok: true };
  });
});

app.listen({ port: 3000 });
