import { Router } from 'express';
import type { PrismaClient } from '@prisma/client';
import { forbidden, HttpError } from '../lib/errors.js';
import type { Mailer } from '../lib/mailer.js';
import { secureToken, sha256 } from '../lib/random.js';
import { clubOwner } from '../middleware/club-member.js';
import { inviteLimiter } from '../middleware/limiters.js';
import { requireAuth } from '../middleware/require-auth.js';

export interface InviteDeps {
  db: PrismaClient;
  mailer: Mailer;
}

export const createInviteRouters = (deps: InviteDeps) => {
  const forClub = Router({ mergeParams: true });
  const byToken = Router();

  forClub.post('/', inviteLimiter, requireAuth, clubOwner, async (req, res) => {
    const clubId = String((req.params as Record<string, string>).clubId);
    const email = String(req.body?.email);
    const token = secureToken();
    const expiresAt = new Date(Date.now() + 7 * 86_400_000);
    const invite = await deps.db.invite.create({ data: { tokenHash: sha256(token), clubId, email, expiresAt } });
    await deps.mailer.send({ to: email, subject: 'Join our club', text: `Your code is ${token}` });
    res.status(201).json({ id: invite.id });
  });

  const find = async (token: string) => {
    const invite = await deps.db.invite.findUnique({ where: { tokenHash: sha256(token) }, include: { club: true } });
    if (!invite || invite.acceptedAt || invite.expiresAt < new Date()) throw new HttpError(404, 'This invitation is not valid');
    return invite;
  };

  byToken.get('/:token', inviteLimiter, async (req, res) => {
    const invite = await find(String(req.params.token));
    res.json({ club: invite.club.name });
  });

  byToken.post('/:token/accept', inviteLimiter, requireAuth, async (req, res) => {
    const invite = await find(String(req.params.token));
    if (invite.email !== req.user!.email) throw forbidden('This invitation is for somebody else');
    await deps.db.$transaction(async (tx) => {
      const used = await tx.invite.updateMany({
        where: { id: invite.id, acceptedAt: null },
        data: { acceptedAt: new Date() },
      });
      if (used.count !== 1) throw new HttpError(409, 'This invitation has been used');
      const key = { clubId: invite.clubId, userId: req.user!.id };
      await tx.clubMember.upsert({
        where: { clubId_userId: key },
        create: { ...key, role: invite.role },
        update: {},
      });
    });
    res.json({ clubId: invite.clubId });
  });

  return { forClub, byToken };
};
