const fp = require('fastify-plugin');

module.exports = fp(async (app) => {
  app.decorate('needsKey', async (request, reply) => {
    if (request.headers['x-api-key'] !== 'good') {
      return reply.code(401).send({ error: 'no' });
    }
  });
});
