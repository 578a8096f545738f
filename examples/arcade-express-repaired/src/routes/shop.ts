import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { prisma } from '../db.js';
import { notFound } from '../lib/errors.js';
import { requireAuth } from '../middleware/require-auth.js';
import { validate } from '../middleware/validate.js';
import { buyItem, giftCoins } from '../services/shop.js';

const basket = z.object({ itemId: z.string(), quantity: z.number().int().min(1).max(99) });
const gift = z.object({ to: z.string(), amount: z.number().int().positive() });

class ShopController {
  async items(_req: Request, res: Response) {
    res.json(await prisma.item.findMany());
  }

  async buy(req: Request, res: Response) {
    const { itemId, quantity } = req.body;
    res.status(201).json(await buyItem(req.user!.id, { itemId, quantity }));
  }

  async gift(req: Request, res: Response) {
    await giftCoins(req.user!.id, req.body.to, req.body.amount);
    res.json({ ok: true });
  }

  async purchase(req: Request, res: Response) {
    const purchase = await prisma.purchase.findFirst({ where: { id: String(req.params.id), userId: req.user!.id } });
    if (!purchase) throw notFound('Purchase');
    res.json(purchase);
  }

  async order(req: Request, res: Response) {
    const coins = [100, 500, 1000].find((pack) => pack === Number(req.body?.coins));
    if (!coins) {
      res.status(400).json({ error: 'No such pack' });
      return;
    }
    res.status(201).json(await prisma.coinOrder.create({ data: { userId: req.user!.id, coins } }));
  }
}

export function shopRoutes(router = Router()) {
  const shop = new ShopController();
  router.get('/items', shop.items);
  router.post('/buy', requireAuth, validate(basket), shop.buy);
  router.post('/gift', requireAuth, validate(gift), (req, res) => shop.gift(req, res));
  router.get('/purchases/:id', requireAuth, shop.purchase);
  router.post('/orders', requireAuth, shop.order);
  return router;
}
