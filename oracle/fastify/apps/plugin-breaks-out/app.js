const fastify = require('fastify');
const fp = require('fastify-plugin');

async function keys(instance, options) {
  instance.decorate('hasKey', (request) => request.headers['x-api-key'] === options.key);
  instance.addHook('onRequest', async function needsKey(request, reply) {
    if (!this.hasKey(request)) {
      reply.code(403);
      throw new Error('a key is needed');
    }
  });
}

const app = fastify();
app.register(async (instance) => {
  instance.get('/before', async () => 'registered before the guard');
});
app.register(fp(keys, { name: 'keys' }), { key: 'good' });
app.get('/root', async () => 'at the root');
app.register(async (instance) => {
  instance.get('/after', async () => 'registered behind the guard');
});

app.listen({ port: 3000 });
