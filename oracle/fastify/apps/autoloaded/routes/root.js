module.exports = async (app) => {
  app.get('/', async () => ({ name: 'api' }));
};
