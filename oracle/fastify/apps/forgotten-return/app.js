const app = require('fastify')();

// Without `return` the request still ends here: the answer is out when the hook is done.
async function guard(request, reply) {
  if (request.headers['x-api-key'] !== 'good') {
    reply.code(401).send({ error: 'no' });
  }
}

async function looksOnly(request) {
  request.seen = request.headers['x-api-key'];
}

app.register(async (instance) => {
  instance.addHook('onRequest', guard);
  instance.get('/guarded', async () => ({ ok: true }));
});
app.register(async (instance) => {
  instance.addHook('onRequest', looksOnly);
  instance.get('/seen', async () => ({ ok: true }));
});

app.listen({ port: 3000 });
