const app = require('fastify')();

class Forbidden extends Error {
  constructor() {
    super('not you');
    this.statusCode = 403;
  }
}

async function throws(request) {
  if (request.headers['x-api-key'] !== 'good') throw new Forbidden();
}

async function throwsPlain(request) {
  if (request.headers['x-api-key'] !== 'good') throw new Error('no key');
}

app.setErrorHandler((error, request, reply) => {
  reply.code(error.statusCode ?? 500).send({ error: error.message });
});

app.register(async (instance) => {
  instance.addHook('onRequest', throws);
  instance.get('/own-status', async () => ({ ok: true }));
});
app.register(async (instance) => {
  instance.setErrorHandler(async (error, request, reply) => {
    if (error.message === 'no key') return reply.code(401).send({ error: 'a key is needed' });
    throw error;
  });
  instance.addHook('onRequest', throwsPlain);
  instance.get('/given-status', async () => ({ ok: true }));
});
app.get('/route-handler', {
  onRequest: throwsPlain,
  errorHandler: (error, request, reply) => reply.code(403).send({ error: 'no' }),
}, async () => ({ ok: true }));

app.listen({ port: 3000 });
