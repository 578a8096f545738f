import { Router } from 'express';
import { config } from '../config.js';
import { prisma } from '../db.js';
import { requireSignature } from '../middleware/signature.js';

export const webhooksRouter = Router();

/** Called by the payment provider when a coin pack has been paid. */
webhooksRouter.post('/payments', requireSignature('x-payment-signature', config.paymentSecret), async (req, res) => {
  const { orderId, status } = req.body ?? {};
  if (status === 'paid') {
    await prisma.$transaction(async (tx) => {
      const paid = await tx.coinOrder.updateMany({
        where: { id: String(orderId), status: 'pending' },
        data: { status: 'paid' },
      });
      if (paid.count !== 1) return;
      const order = await tx.coinOrder.findUniqueOrThrow({ where: { id: String(orderId) } });
      await tx.user.update({ where: { id: order.userId }, data: { coins: { increment: order.coins } } });
    });
  }
  res.json({ received: true });
});
