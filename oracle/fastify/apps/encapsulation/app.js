const fastify = require('fastify');
const fp = require('fastify-plugin');

const app = fastify();

async function guard(request, reply) {
  if (request.headers['x-api-key'] !== 'good') {
    return reply.code(401).send({ error: 'a key is needed' });
  }
}

async function insideOnly(instance) {
  instance.addHook('onRequest', guard);
  instance.get('/inside', async () => ({ ok: true }));
  instance.register(async (deeper) => {
    deeper.get('/deeper', async () => ({ ok: true }));
  }, { prefix: '/more' });
}

async function sibling(instance) {
  instance.get('/beside', async () => ({ ok: true }));
}

app.register(insideOnly, { prefix: '/a' });
app.register(sibling, { prefix: '/b' });
app.register(async (instance) => {
  instance.register(fp(async (same) => {
    same.addHook('onRequest', guard);
  }));
  instance.get('/shared', async () => ({ ok: true }));
}, { prefix: '/c' });
app.get('/outside', async () => ({ ok: true }));

app.listen({ port: 3000 });
