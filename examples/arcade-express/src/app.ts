import cookieParser from 'cookie-parser';
import cors from 'cors';
import express from 'express';
import { config } from './config.js';
import { prisma } from './db.js';
import { mailer } from './lib/mailer.js';
import { errorHandler } from './middleware/error-handler.js';
import { apiLimiter } from './middleware/limiters.js';
import { requireAuth } from './middleware/require-auth.js';
import { requireRole } from './middleware/require-role.js';
import * as routes from './routes/index.js';

export function createApp() {
  const app = express();
  const deps = { db: prisma, mailer };

  app.use(cors({ origin: true, credentials: true }));
  app.use(express.json());
  app.use(express.urlencoded({ extended: false }));
  app.use(cookieParser(config.cookieSecret));

  app.use('/v1', apiLimiter);
  app.use('/moderation', requireAuth, requireRole('moderator', 'admin'));

  app.use('/health', routes.healthRouter);
  app.use('/api/auth', routes.authRouter);
  app.use('/api/auth/password', routes.createPasswordRouter(deps));
  app.use('/api/2fa', new routes.TwoFactorController().router);
  app.use('/api/oauth', routes.oauthRouter);
  app.use('/api/me', routes.meRouter);
  app.use('/api/players', routes.playersRouter);

  const invites = routes.createInviteRouters(deps);
  app.use('/api/clubs/:clubId/invites', invites.forClub);
  app.use('/api/invites', invites.byToken);
  app.use('/api/clubs', routes.clubsRouter);

  const features: Record<string, express.Router> = {
    shop: routes.shopRoutes(),
    rewards: routes.rewardsRouter,
    scores: routes.scoresRouter,
    lobbies: routes.lobbiesRouter,
    announcements: routes.announcementsRouter,
  };
  for (const [name, router] of Object.entries(features)) {
    app.use(`/api/${name}`, router);
  }

  app.use('/api/admin/reports', routes.reportsRouter);
  app.use('/api/admin', routes.adminRouter);
  app.use('/api/moderation', routes.moderationRouter);
  app.use('/api/partner', routes.partnerRouter);
  app.use('/api/internal', routes.internalRouter);
  app.use('/api/webhooks', routes.webhooksRouter);

  app.use(errorHandler);
  return app;
}
