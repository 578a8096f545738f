import { type Request, type RequestHandler, type Response, Router } from 'express';
import { prisma } from '../db.js';
import { notFound } from '../lib/errors.js';
import { clubMember, clubOwner } from '../middleware/club-member.js';
import { requireAuth } from '../middleware/require-auth.js';

const member: RequestHandler[] = [requireAuth, clubMember];
const owner: RequestHandler[] = [requireAuth, clubOwner];

export const clubsRouter = Router();

clubsRouter.post('/', requireAuth, async (req, res) => {
  const club = await prisma.club.create({
    data: {
      name: String(req.body?.name),
      ownerId: req.user!.id,
      members: { create: { userId: req.user!.id, role: 'owner' } },
    },
  });
  res.status(201).json(club);
});

clubsRouter.get('/:clubId', member, async (req: Request, res: Response) => {
  const club = await prisma.club.findUnique({ where: { id: String(req.params.clubId) } });
  if (!club) throw notFound('Club');
  res.json(club);
});

clubsRouter.patch('/:clubId/motto', ...owner, async (req, res) => {
  const club = await prisma.club.updateMany({
    where: { id: String(req.params.clubId) },
    data: { motto: String(req.body?.motto) },
  });
  res.json(club);
});

clubsRouter.delete('/:clubId', ...owner, async (req, res) => {
  await prisma.club.delete({ where: { id: String(req.params.clubId) } });
  res.status(204).end();
});

clubsRouter.get('/:clubId/members', ...member, async (req, res) => {
  res.json(await prisma.clubMember.findMany({ where: { clubId: String(req.params.clubId) } }));
});

clubsRouter.delete('/:clubId/members/:userId', owner, async (req: Request, res: Response) => {
  await prisma.clubMember.deleteMany({
    where: { clubId: String(req.params.clubId), userId: String(req.params.userId) },
  });
  res.status(204).end();
});

clubsRouter.get('/:clubId/posts', ...member, async (req, res) => {
  res.json(await prisma.clubPost.findMany({ where: { clubId: String(req.params.clubId) } }));
});

clubsRouter.get('/:clubId/posts/pinned', ...member, async (req, res) => {
  const clubId = String(req.params.clubId);
  res.json(await prisma.clubPost.findMany({ where: { clubId, pinned: true }, take: 5 }));
});

clubsRouter.post('/:clubId/posts', ...member, async (req, res) => {
  const post = await prisma.clubPost.create({
    data: { clubId: String(req.params.clubId), authorId: req.user!.id, text: String(req.body?.text) },
  });
  res.status(201).json(post);
});

clubsRouter.delete('/:clubId/posts/:postId', ...owner, async (req, res) => {
  await prisma.clubPost.deleteMany({
    where: { id: String(req.params.postId), clubId: String(req.params.clubId) },
  });
  res.status(204).end();
});
