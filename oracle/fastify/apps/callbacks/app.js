const app = require('fastify')();

function stops(request, reply, done) {
  if (request.headers['x-api-key'] !== 'good') {
    reply.code(401).send({ error: 'no' });
    return;
  }
  done();
}

function sendsAndGoesOn(request, reply, done) {
  if (request.headers['x-api-key'] !== 'good') {
    reply.code(401).send({ error: 'no' });
  }
  done();
}

function fails(request, reply, done) {
  if (request.headers['x-api-key'] !== 'good') {
    const error = new Error('no');
    error.statusCode = 403;
    return done(error);
  }
  done();
}

function promises(request, reply) {
  return request.headers['x-api-key'] === 'good' ? Promise.resolve() : Promise.reject(Object.assign(new Error('no'), { statusCode: 401 }));
}

app.get('/stops', { onRequest: stops }, (request, reply) => {
  reply.send({ ok: true });
});
app.get('/sends', { onRequest: sendsAndGoesOn }, async () => ({ ok: true }));
app.get('/fails', { preHandler: fails }, async () => ({ ok: true }));
app.get('/promises', { preValidation: promises }, async () => ({ ok: true }));

app.listen({ port: 3000 });
