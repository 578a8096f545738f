import { Router } from 'express';
import { prisma } from '../db.js';

export const webhooksRouter = Router();

/** Called by the payment provider when a coin pack has been paid. */
webhooksRouter.post('/payments', async (req, res) => {
  const { orderId, status } = req.body ?? {};
  if (status === 'paid') {
    const paid = await prisma.coinOrder.updateMany({
      where: { id: String(orderId), status: 'pending' },
      data: { status: 'paid' },
    });
    if (paid.count === 1) {
      const order = await prisma.coinOrder.findUniqueOrThrow({ where: { id: String(orderId) } });
      await prisma.user.update({ where: { id: order.userId }, data: { coins: { increment: order.coins } } });
    }
  }
  res.json({ received: true });
});
