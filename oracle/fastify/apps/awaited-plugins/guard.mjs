import fp from 'fastify-plugin';

export default fp(async function guardPlugin(app) {
  app.decorate('needsKey', async function needsKey(request, reply) {
    if (request.headers['x-api-key'] !== 'good') {
      return reply.code(401).send({ error: 'no' });
    }
  });
});
