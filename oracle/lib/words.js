// Nouns for the paths of generated applications; none of them says who may do what.
'use strict';

const WORDS = [
  'accounts', 'albums', 'alerts', 'audits', 'badges', 'books', 'carts', 'claims', 'clubs', 'comments', 'devices', 'drafts', 'events',
  'exports', 'feeds', 'files', 'games', 'goals', 'grants', 'groups', 'images', 'invites', 'invoices', 'jobs', 'keys', 'labels', 'leads',
  'likes', 'links', 'lists', 'lobbies', 'logs', 'mails', 'maps', 'meals', 'menus', 'notes', 'offers', 'orders', 'pages', 'parcels', 'plans',
  'polls', 'posts', 'prices', 'quotes', 'races', 'reports', 'roles', 'rooms', 'scores', 'seats', 'shifts', 'tags', 'tasks', 'teams', 'tickets',
];

module.exports = { WORDS };
