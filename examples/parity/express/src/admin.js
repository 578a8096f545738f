import { Router } from 'express';
import { requireAccount, requireAdmin } from './guards.js';
import { store } from './store.js';

export const admin = Router();
admin.use(requireAccount);

admin.get('/accounts', requireAdmin, (request, response) => {
  response.json(store.prepare('SELECT id, email, role FROM accounts').all());
});

admin.delete('/accounts/:id', (request, response) => {
  store.prepare('DELETE FROM accounts WHERE id = ?').run(request.params.id);
  response.status(204).end();
});
