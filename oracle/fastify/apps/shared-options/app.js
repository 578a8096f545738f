const app = require('fastify')();
const { needsKey, onlyGet } = require('./guards');

const secured = { onRequest: [needsKey] };

app.get('/a', secured, async () => ({ ok: true }));
app.get('/b', { ...secured, preHandler: [onlyGet] }, async () => ({ ok: true }));
app.get('/c', { ...secured, onRequest: [] }, async () => ({ ok: true }));
app.register(function classic(instance, options, done) {
  instance.get('/d', secured, async () => ({ ok: true }));
  done();
}, { prefix: '/old' });

class Notes {
  constructor(key) {
    this.key = key;
    this.check = this.check.bind(this);
  }
  async check(request, reply) {
    if (request.headers['x-api-key'] !== this.key) return reply.code(401).send({ error: 'no' });
  }
  routes() {
    return async (instance) => {
      instance.addHook('onRequest', this.check);
      instance.get('/notes', async () => []);
    };
  }
}
app.register(new Notes('good').routes());

app.listen({ port: 3000 });
