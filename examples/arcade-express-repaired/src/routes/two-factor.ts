import { type Request, type Response, Router } from 'express';
import { authenticator } from 'otplib';
import { prisma } from '../db.js';
import { codeLimiter } from '../middleware/limiters.js';
import { requireAuth } from '../middleware/require-auth.js';
import { revokeAllSessions, startSession } from '../services/sessions.js';
import { checkTotp, createRecoveryCodes, newTotpSecret } from '../services/totp.js';

export class TwoFactorController {
  readonly router = Router();

  constructor() {
    this.router.use(requireAuth);
    this.router.get('/', this.status);
    this.router.post('/setup', this.setup);
    this.router.post('/enable', codeLimiter, this.enable.bind(this));
    this.router.post('/disable', codeLimiter, this.disable);
  }

  private status = async (req: Request, res: Response) => {
    const user = await prisma.user.findUniqueOrThrow({ where: { id: req.user!.id } });
    res.json({ enabled: user.totpEnabled });
  };

  private setup = async (req: Request, res: Response) => {
    const secret = newTotpSecret();
    const started = await prisma.user.updateMany({
      where: { id: req.user!.id, totpEnabled: false },
      data: { totpSecret: secret },
    });
    if (started.count !== 1) {
      res.status(409).json({ error: 'Switch it off first' });
      return;
    }
    res.json({ secret, uri: authenticator.keyuri(req.user!.id, 'Arcade', secret) });
  };

  private async enable(req: Request, res: Response) {
    if (!(await checkTotp(req.user!.id, String(req.body?.code)))) {
      res.status(400).json({ error: 'Wrong code' });
      return;
    }
    await prisma.user.update({ where: { id: req.user!.id }, data: { totpEnabled: true } });
    const recoveryCodes = await createRecoveryCodes(req.user!.id);
    await revokeAllSessions(req.user!.id);
    res.json({ recoveryCodes, ...(await startSession(res, req.user!.id)) });
  }

  private disable = async (req: Request, res: Response) => {
    if (!(await checkTotp(req.user!.id, String(req.body?.code)))) {
      res.status(403).json({ error: 'Wrong code' });
      return;
    }
    await prisma.user.update({ where: { id: req.user!.id }, data: { totpEnabled: false, totpSecret: null } });
    res.status(204).end();
  };
}
