import { Router } from 'express';
import { prisma } from '../db.js';
import { asyncHandler } from '../lib/async-handler.js';
import { requireAuth } from '../middleware/require-auth.js';
import { joinLobby, ownLobby, removeMember } from '../services/lobbies.js';

const lobbies = Router();
lobbies.use(requireAuth);

lobbies
  .route('/')
  .get(
    asyncHandler(async (_req, res) => {
      res.json(await prisma.lobby.findMany({ where: { started: false } }));
    }),
  )
  .post(
    asyncHandler(async (req, res) => {
      const ownerId = req.user!.id;
      const lobby = await prisma.lobby.create({
        data: { name: String(req.body?.name), ownerId, members: { create: { userId: ownerId } } },
      });
      res.status(201).json(lobby);
    }),
  );

lobbies.delete(
  '/:id',
  asyncHandler(async (req, res) => {
    const lobby = await ownLobby(String(req.params.id), req.user!.id);
    await prisma.lobby.delete({ where: { id: lobby.id } });
    res.status(204).end();
  }),
);

lobbies.post(
  '/:id/join',
  asyncHandler(async (req, res) => {
    await joinLobby(String(req.params.id), req.user!.id);
    res.json({ joined: true });
  }),
);

lobbies.post(
  '/:id/leave',
  asyncHandler(async (req, res) => {
    await removeMember(String(req.params.id), req.user!.id);
    res.status(204).end();
  }),
);

lobbies.post(
  '/:id/start',
  asyncHandler(async (req, res) => {
    const lobby = await ownLobby(String(req.params.id), req.user!.id);
    res.json(await prisma.lobby.update({ where: { id: lobby.id }, data: { started: true } }));
  }),
);

lobbies.delete(
  '/:id/members/:userId',
  asyncHandler(async (req, res) => {
    const lobby = await ownLobby(String(req.params.id), req.user!.id);
    await removeMember(lobby.id, String(req.params.userId));
    res.status(204).end();
  }),
);

export { lobbies as lobbiesRouter };
