const stage = process.env.NODE_ENV || 'development';
module.exports = { isProduction: stage === 'production', isTest: stage === 'test' };
