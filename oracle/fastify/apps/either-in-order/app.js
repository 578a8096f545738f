const app = require('fastify')();

const anyone = async () => {};

async function member(request, reply) {
  if (request.headers['x-api-key'] !== 'good') {
    reply.code(401).send('show your card');
    return;
  }
}

async function visitor(request, reply) {
  if (request.routeOptions.config.visitors) return;
  if (request.headers.authorization !== 'Bearer good') return reply.redirect('/desk');
}

app.register(require('@fastify/auth'));
app.after(() => {
  app.get('/lobby', { preHandler: app.auth([anyone, member]) }, async () => []);
  app.get('/gym', { preHandler: app.auth([member, anyone]) }, async () => []);
  app.get('/pool', { preHandler: app.auth([anyone, member], { relation: 'and' }) }, async () => []);
  app.get('/vault', { preHandler: app.auth([[anyone, visitor]]) }, async () => []);
  app.get('/garden', { config: { visitors: true }, preHandler: app.auth([visitor, member]) }, async () => []);
});
app.listen({ port: 3000 });
