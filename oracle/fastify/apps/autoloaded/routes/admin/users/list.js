module.exports = async (app) => {
  app.get('/', async () => []);
};
module.exports.autoPrefix = '/people';
