export default async function closed(app, options) {
  app.addHook('preHandler', app.needsKey);
  app.get('/', async () => ({ prefix: options.prefix }));
  app.get('/:id', async (request) => request.params);
}
