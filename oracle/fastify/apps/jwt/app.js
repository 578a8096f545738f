const fastify = require('fastify');
const jwt = require('@fastify/jwt');

const app = fastify();
app.register(jwt, { secret: process.env.TOKEN_SECRET });
app.decorate('authenticate', async (request, reply) => {
  try {
    await request.jwtVerify();
  } catch (error) {
    reply.send(error);
  }
});
app.decorate('look', async (request) => {
  try {
    await request.jwtVerify();
  } catch {
    request.user = null;
  }
});

app.after(() => {
  app.get('/me', { onRequest: [app.authenticate] }, async (request) => request.user);
  app.get('/greeting', { onRequest: [app.look] }, async (request) => ({ hello: request.user ? request.user.name : 'stranger' }));
});
app.register(async (instance) => {
  instance.addHook('onRequest', (request) => request.jwtVerify());
  instance.get('/list', async () => []);
});
app.register(async (instance) => {
  instance.addHook('preHandler', async (request, reply) => {
    await request.jwtVerify();
    if (request.user.role !== 'admin') return reply.code(403).send({ error: 'no' });
  });
  instance.delete('/everything', async () => ({ ok: true }));
});
app.post('/decoded', async (request, reply) => {
  const claims = app.jwt.decode(String(request.headers.authorization).slice(7));
  return { name: claims ? claims.name : null };
});
app.get('/checked', async (request, reply) => {
  const token = (request.headers.authorization ?? '').replace('Bearer ', '');
  try {
    return app.jwt.verify(token);
  } catch {
    return reply.code(401).send({ error: 'no' });
  }
});

app.listen({ port: 3000 });
