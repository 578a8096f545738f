const fastify = require('fastify');
const fp = require('fastify-plugin');

const app = fastify();

app.register(fp(async (instance) => {
  instance.decorate('authenticate', async (request, reply) => {
    if (request.headers.authorization !== 'Bearer good') {
      reply.code(401).send({ error: 'who are you?' });
      return reply;
    }
  });
  instance.decorateRequest('user', null);
}));

app.register(async (instance) => {
  instance.get('/me', { onRequest: [instance.authenticate] }, async (request) => ({ user: request.user }));
  instance.get('/also', { preHandler: instance.authenticate }, async () => ({ ok: true }));
  // A name that nobody has decorated the instance with is no hook at all.
  instance.get('/mistyped', { onRequest: instance.authentcate }, async () => ({ ok: true }));
  instance.get('/open', async () => ({ ok: true }));
});

app.listen({ port: 3000 });
