const app = require('fastify')();

app.register(require('@fastify/basic-auth'), {
  authenticate: true,
  async validate(name, password) {
    if (name !== 'someone' || password !== process.env.PASSWORD) {
      throw new Error('who are you?');
    }
  },
});
app.after(() => {
  app.get('/closed', { onRequest: app.basicAuth }, async () => ({ ok: true }));
  app.get('/open', async () => ({ ok: true }));
});

app.listen({ port: 3000 });
