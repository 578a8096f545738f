const app = require('fastify')();

app.register(async (instance) => {
  instance.register(require('@fastify/bearer-auth'), { keys: new Set(['good']) });
  instance.get('/keys', async () => ({ ok: true }));
  instance.register(async (deeper) => {
    deeper.get('/below', async () => ({ ok: true }));
  });
});
app.register(async (instance) => {
  await instance.register(require('@fastify/bearer-auth'), { addHook: false, keys: new Set(['good']) });
  instance.get('/by-hand', { onRequest: instance.verifyBearerAuth }, async () => ({ ok: true }));
  instance.get('/forgotten', async () => ({ ok: true }));
});
app.get('/outside', async () => ({ ok: true }));

app.listen({ port: 3000 });
