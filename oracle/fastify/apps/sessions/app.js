const app = require('fastify')();

app.register(require('@fastify/cookie'));
app.register(require('@fastify/session'), { secret: process.env.SESSION_SECRET, cookie: { secure: false } });

async function loggedIn(request, reply) {
  if (!request.session.user) return reply.redirect('/login');
}

app.get('/login', async () => 'the form');
app.post('/login', async (request) => {
  request.session.user = { name: 'somebody' };
  return { ok: true };
});
app.get('/cookie', async (request, reply) => {
  if (request.cookies.token !== 'good') return reply.code(401).send({ error: 'no' });
  return { ok: true };
});
app.get('/account', { preHandler: loggedIn }, async (request) => request.session.user);

app.listen({ port: 3000 });
