const app = require('fastify')();

async function first() {}
async function second() {}
function third(request, reply, done) {
  done();
}
async function late() {}
async function routeFirst() {}
async function routeLast() {}

app.addHook('preHandler', third);
app.addHook('onRequest', first);
app.register(async function child(instance) {
  instance.addHook('onRequest', second);
  instance.get(
    '/mixed',
    { preHandler: [routeLast], preValidation: routeFirst, onRequest: [late] },
    async function mixed() {
      return { ok: true };
    },
  );
});
// A hook that is added later reaches the routes that are there, and those of children.
app.get('/early', async function early() {
  return { ok: true };
});
app.addHook('onRequest', async function addedLast() {});

app.listen({ port: 3000 });
