import { prisma } from '../db.js';
import { badRequest, notFound } from '../lib/errors.js';

export async function buyItem(userId: string, { itemId, quantity }: { itemId: string; quantity: number }) {
  const item = await prisma.item.findUnique({ where: { id: itemId } });
  if (!item) throw notFound('Item');
  const cost = item.price * quantity;
  return prisma.$transaction(async (tx) => {
    const paid = await tx.user.updateMany({
      where: { id: userId, coins: { gte: cost } },
      data: { coins: { decrement: cost } },
    });
    if (paid.count !== 1) throw badRequest('Not enough coins');
    return tx.purchase.create({ data: { userId, itemId: item.id, quantity, cost } });
  });
}

export async function giftCoins(fromId: string, toId: string, amount: number) {
  if (!Number.isInteger(amount) || amount <= 0) throw badRequest('Give at least one coin');
  await prisma.$transaction(async (tx) => {
    const paid = await tx.user.updateMany({
      where: { id: fromId, coins: { gte: amount } },
      data: { coins: { decrement: amount } },
    });
    if (paid.count !== 1) throw badRequest('Not enough coins');
    await tx.user.update({ where: { id: toId }, data: { coins: { increment: amount } } });
  });
}
