module.exports = async (app) => {
  app.get('/lines', async (request) => request.params);
};
