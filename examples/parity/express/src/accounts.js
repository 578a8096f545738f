import bcrypt from 'bcryptjs';
import { Router } from 'express';
import { loginLimiter } from './guards.js';
import { store } from './store.js';
import { issueToken } from './tokens.js';

export const accounts = Router();

// Compared with where there is no account, so that both answers take the same time.
const nobody = bcrypt.hashSync('nobody has this password', 12);

accounts.post('/register', async (request, response) => {
  const hash = await bcrypt.hash(String(request.body.password), 12);
  store
    .prepare('INSERT OR IGNORE INTO accounts (email, password_hash) VALUES (?, ?)')
    .run(String(request.body.email), hash);
  response.status(202).json({ status: 'accepted' });
});

async function logIn(request, response) {
  const account = store.prepare('SELECT * FROM accounts WHERE email = ?').get(String(request.body.email));
  const matches = await bcrypt.compare(String(request.body.password), account?.password_hash ?? nobody);
  if (!account || !matches) {
    return response.status(401).json({ error: 'wrong email or password' });
  }
  response.json({ token: issueToken(account) });
}

accounts.post('/login', loginLimiter, logIn);
accounts.post('/login/app', logIn);
