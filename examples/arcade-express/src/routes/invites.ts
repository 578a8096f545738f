import { Router } from 'express';
import type { PrismaClient } from '@prisma/client';
import { HttpError } from '../lib/errors.js';
import type { Mailer } from '../lib/mailer.js';
import { shortCode } from '../lib/random.js';
import { clubOwner } from '../middleware/club-member.js';
import { requireAuth } from '../middleware/require-auth.js';

export interface InviteDeps {
  db: PrismaClient;
  mailer: Mailer;
}

export const createInviteRouters = (deps: InviteDeps) => {
  const forClub = Router({ mergeParams: true });
  const byToken = Router();

  forClub.post('/', requireAuth, clubOwner, async (req, res) => {
    const clubId = String((req.params as Record<string, string>).clubId);
    const email = String(req.body?.email);
    const invite = await deps.db.invite.create({ data: { token: shortCode(), clubId, email } });
    await deps.mailer.send({ to: email, subject: 'Join our club', text: `Your code is ${invite.token}` });
    res.status(201).json({ id: invite.id });
  });

  const find = async (token: string) => {
    const invite = await deps.db.invite.findUnique({ where: { token }, include: { club: true } });
    if (!invite) throw new HttpError(404, 'This invitation is not valid');
    return invite;
  };

  byToken.get('/:token', async (req, res) => {
    const invite = await find(req.params.token);
    res.json({ club: invite.club.name });
  });

  byToken.post('/:token/accept', requireAuth, async (req, res) => {
    const invite = await find(String(req.params.token));
    const role = req.body?.role ?? invite.role;
    await deps.db.clubMember.upsert({
      where: { clubId_userId: { clubId: invite.clubId, userId: req.user!.id } },
      create: { clubId: invite.clubId, userId: req.user!.id, role },
      update: { role },
    });
    res.json({ clubId: invite.clubId });
  });

  return { forClub, byToken };
};
