module.exports = { ...require('./user'), trace: require('./trace') };
