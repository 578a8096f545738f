module.exports = async (app) => {
  app.get('/ignored', async () => []);
};
