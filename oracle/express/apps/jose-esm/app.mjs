// jose: verification in an async middleware, an unguarded sibling.
import express from 'express';
import { jwtVerify, SignJWT } from 'jose';

const key = new TextEncoder().encode('0123456789abcdef0123456789abcdef');
const app = express();
app.use(express.json());

async function authenticate(req, res, next) {
  try {
    const token = (req.headers.authorization ?? '').replace('Bearer ', '');
    const { payload } = await jwtVerify(token, key);
    req.user = payload;
    next();
  } catch (error) {
    res.status(401).json({ error: error.code });
  }
}

app.post('/login', async (req, res) => {
  res.json({ token: await new SignJWT({ sub: '7' }).setProtectedHeader({ alg: 'HS256' }).sign(key) });
});
app.get('/orders', authenticate, (req, res) => res.json([]));
app.get('/orders/:id', (req, res) => res.json({ id: req.params.id }));

app.listen(3000);
