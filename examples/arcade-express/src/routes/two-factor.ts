import { type Request, type Response, Router } from 'express';
import { authenticator } from 'otplib';
import { prisma } from '../db.js';
import { requireAuth } from '../middleware/require-auth.js';
import { checkTotp, createRecoveryCodes, newTotpSecret } from '../services/totp.js';

export class TwoFactorController {
  readonly router = Router();

  constructor() {
    this.router.use(requireAuth);
    this.router.get('/', this.status);
    this.router.post('/setup', this.setup);
    this.router.post('/enable', this.enable.bind(this));
    this.router.post('/disable', this.disable);
  }

  private status = async (req: Request, res: Response) => {
    const user = await prisma.user.findUniqueOrThrow({ where: { id: req.user!.id } });
    res.json({ enabled: user.totpEnabled, secret: user.totpSecret });
  };

  private setup = async (req: Request, res: Response) => {
    const secret = newTotpSecret();
    await prisma.user.update({ where: { id: req.user!.id }, data: { totpSecret: secret } });
    res.json({ secret, uri: authenticator.keyuri(req.user!.id, 'Arcade', secret) });
  };

  private async enable(req: Request, res: Response) {
    if (!(await checkTotp(req.user!.id, String(req.body?.code)))) {
      res.status(400).json({ error: 'Wrong code' });
      return;
    }
    await prisma.user.update({ where: { id: req.user!.id }, data: { totpEnabled: true } });
    res.json({ recoveryCodes: await createRecoveryCodes(req.user!.id) });
  }

  private disable = async (req: Request, res: Response) => {
    await prisma.user.update({ where: { id: req.user!.id }, data: { totpEnabled: false, totpSecret: null } });
    res.status(204).end();
  };
}
