// A guard that is registered between routes only covers what comes after it.
const express = require('express');

const app = express();
app.use(express.json());

function requireUser(req, res, next) {
  const header = req.headers.authorization || '';
  if (header !== 'Bearer good') {
    return res.status(401).json({ error: 'sign in first' });
  }
  req.user = { id: 7, role: 'admin' };
  next();
}

const notes = [{ id: 1, owner: 7, text: 'buy milk' }];

app.get('/api/notes/export', function exportNotes(req, res) {
  res.json(notes);
});

app.delete('/api/notes/:id', function removeNote(req, res) {
  notes.splice(notes.findIndex((note) => note.id === Number(req.params.id)), 1);
  res.status(204).end();
});

app.use('/api', requireUser);

app.get('/api/notes', function listNotes(req, res) {
  res.json(notes.filter((note) => note.owner === req.user.id));
});

app.post('/api/notes', function addNote(req, res) {
  notes.push({ id: notes.length + 1, owner: req.user.id, text: req.body.text });
  res.status(201).json(notes[notes.length - 1]);
});

app.get('/apix/status', function status(req, res) {
  res.json({ ok: true });
});

app.listen(3000);
