import { Router } from 'express';
import { requireAccount } from './guards.js';
import { store } from './store.js';

export const notes = Router();

notes.get('/', requireAccount, (request, response) => {
  response.json(store.prepare('SELECT id, text FROM notes WHERE owner_id = ?').all(request.account.id));
});

notes.post('/', requireAccount, (request, response) => {
  const made = store
    .prepare('INSERT INTO notes (owner_id, text) VALUES (?, ?)')
    .run(request.account.id, String(request.body.text));
  response.status(201).json({ id: made.lastInsertRowid });
});

notes.get('/:id', requireAccount, (request, response) => {
  const note = store.prepare('SELECT * FROM notes WHERE id = ?').get(request.params.id);
  if (!note || note.owner_id !== request.account.id) {
    return response.status(404).json({ error: 'no such note' });
  }
  response.json({ id: note.id, text: note.text });
});

notes.patch('/:id', requireAccount, (request, response) => {
  store.prepare('UPDATE notes SET text = ? WHERE id = ?').run(String(request.body.text), request.params.id);
  response.json({ status: 'changed' });
});

notes.delete('/:id', (request, response) => {
  store.prepare('DELETE FROM notes WHERE id = ?').run(request.params.id);
  response.status(204).end();
});
