const app = require('fastify')();

async function guard(request, reply) {
  if (request.headers['x-api-key'] !== 'good') {
    return reply.code(401).send({ error: 'no' });
  }
}

app.register(require('@fastify/websocket'));
app.register(async (instance) => {
  instance.get('/open', { websocket: true }, (socket) => {
    socket.on('message', () => socket.send('hello'));
  });
  instance.get('/closed', { websocket: true, preValidation: guard }, (socket) => {
    socket.on('message', () => socket.send('hello'));
  });
  instance.get('/inside', { websocket: true }, (socket, request) => {
    if (request.headers['x-api-key'] !== 'good') {
      socket.close(1008);
      return;
    }
    socket.on('message', () => socket.send('hello'));
  });
});

app.listen({ port: 3000 });
