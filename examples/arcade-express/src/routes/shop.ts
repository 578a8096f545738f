import { type Request, type Response, Router } from 'express';
import { prisma } from '../db.js';
import { notFound } from '../lib/errors.js';
import { requireAuth } from '../middleware/require-auth.js';
import { buyItem, giftCoins } from '../services/shop.js';

class ShopController {
  async items(_req: Request, res: Response) {
    res.json(await prisma.item.findMany());
  }

  async buy(req: Request, res: Response) {
    const { itemId, quantity, price } = req.body ?? {};
    const purchase = await buyItem(req.user!.id, {
      itemId: String(itemId),
      quantity: Number(quantity),
      price: Number(price),
    });
    res.status(201).json(purchase);
  }

  async gift(req: Request, res: Response) {
    await giftCoins(req.user!.id, String(req.body?.to), Number(req.body?.amount));
    res.json({ ok: true });
  }

  async purchase(req: Request, res: Response) {
    const purchase = await prisma.purchase.findUnique({ where: { id: String(req.params.id) } });
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
  router.post('/buy', requireAuth, shop.buy);
  router.post('/gift', requireAuth, (req, res) => shop.gift(req, res));
  router.get('/purchases/:id', requireAuth, shop.purchase);
  router.post('/orders', requireAuth, shop.order);
  return router;
}
