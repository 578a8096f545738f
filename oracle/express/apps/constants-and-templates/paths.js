const BASE = '/api/v' + 1;
const ROUTES = Object.freeze({ USERS: 'users', SECRETS: 'secrets' });
module.exports = { BASE, ROUTES, prefix: (area) => `${BASE}/${area}` };
