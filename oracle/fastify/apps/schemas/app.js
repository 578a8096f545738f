const app = require('fastify')();

async function guard(request, reply) {
  if (request.headers['x-api-key'] !== 'good') return reply.code(401).send({ error: 'no' });
}

app.addSchema({ $id: 'note', type: 'object', required: ['text'], properties: { text: { type: 'string' } }, additionalProperties: false });
app.post('/notes', { schema: { body: { $ref: 'note#' } }, onRequest: guard }, async (request) => request.body);
// The body is looked at before the guard, which is none the weaker for it.
app.post('/late', { schema: { body: { $ref: 'note#' } }, preHandler: guard }, async (request) => request.body);
app.get('/search', { schema: { querystring: { type: 'object', properties: { limit: { type: 'integer', maximum: 100, default: 10 } } } } }, async (request) => request.query);

app.listen({ port: 3000 });
