import { type RequestHandler, Router } from 'express';
import { prisma } from '../db.js';
import { requireAuth } from '../middleware/require-auth.js';
import { requireRole } from '../middleware/require-role.js';

type Verb = 'get' | 'post' | 'put';

interface Row {
  verb: Verb;
  path: string;
  guards: RequestHandler[];
  run: RequestHandler;
}

const admin = [requireAuth, requireRole('admin')];

const listUsers: RequestHandler = async (_req, res) => {
  res.json(await prisma.user.findMany({ omit: { passwordHash: true, totpSecret: true } }));
};

const banUser: RequestHandler = async (req, res) => {
  await prisma.user.updateMany({ where: { id: String(req.params.id) }, data: { banned: true } });
  res.status(204).end();
};

const setRole: RequestHandler = async (req, res) => {
  await prisma.user.updateMany({ where: { id: String(req.params.id) }, data: { role: String(req.body?.role) } });
  res.status(204).end();
};

const grantCoins: RequestHandler = async (req, res) => {
  await prisma.user.updateMany({
    where: { id: String(req.params.id) },
    data: { coins: { increment: Number(req.body?.coins) } },
  });
  res.status(204).end();
};

const setPrice: RequestHandler = async (req, res) => {
  await prisma.item.updateMany({ where: { id: String(req.params.id) }, data: { price: Number(req.body?.price) } });
  res.status(204).end();
};

const table: Row[] = [
  { verb: 'get', path: '/users', guards: admin, run: listUsers },
  { verb: 'post', path: '/users/:id/ban', guards: admin, run: banUser },
  { verb: 'post', path: '/users/:id/role', guards: admin, run: setRole },
  { verb: 'post', path: '/users/:id/coins', guards: [requireAuth], run: grantCoins },
  { verb: 'put', path: '/items/:id/price', guards: admin, run: setPrice },
];

export const adminRouter = Router();

for (const { verb, path, guards, run } of table) {
  adminRouter[verb](path, ...guards, run);
}
