module.exports = async (app) => {
  app.get('/settings', async () => ({}));
};
