const app = require('fastify')();
const answer = async (request) => request.params;

app.get('/users/:id', answer);
app.get('/numbers/:id(^\\d+$)', answer);
app.get('/pairs/:left-:right', answer);
app.get('/files/*', answer);
app.get('/maybe/:name?', answer);
app.get('/colon/::here', answer);
app.register(
  async (instance) => {
    instance.get('/', answer);
    instance.get('/list/', answer);
    instance.register(
      async (deeper) => {
        deeper.get('/:member', answer);
        deeper.get('', answer);
      },
      { prefix: '/groups/:group' },
    );
  },
  { prefix: '/api/v1' },
);

app.listen({ port: 3000 });
