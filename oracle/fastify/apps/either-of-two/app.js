const fastify = require('fastify');

const app = fastify();

async function byKey(request) {
  if (request.headers['x-api-key'] !== 'good') throw new Error('no key');
}
function byToken(request, reply, done) {
  if (request.headers.authorization !== 'Bearer good') return done(new Error('no token'));
  done();
}
async function everybody() {}

app.register(require('@fastify/auth'));
app.after(() => {
  app.get('/either', { preHandler: app.auth([byKey, byToken]) }, async () => ({ ok: true }));
  app.get('/both', { preHandler: app.auth([byKey, byToken], { relation: 'and' }) }, async () => ({ ok: true }));
  app.get('/anybody', { preHandler: app.auth([byKey, everybody]) }, async () => ({ ok: true }));
  app.get('/nested', { preHandler: app.auth([[byKey, byToken], byKey]) }, async () => ({ ok: true }));
});

app.listen({ port: 3000 });
