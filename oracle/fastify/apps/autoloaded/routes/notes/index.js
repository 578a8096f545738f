module.exports = async (app) => {
  app.get('/', async () => []);
  app.post('/', { onRequest: app.needsKey }, async () => ({ ok: true }));
};
