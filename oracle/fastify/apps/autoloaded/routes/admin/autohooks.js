module.exports = async (app) => {
  app.addHook('onRequest', app.needsKey);
};
