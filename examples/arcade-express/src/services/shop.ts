import { prisma } from '../db.js';
import { badRequest, notFound } from '../lib/errors.js';

interface BuyRequest {
  itemId: string;
  quantity: number;
  price: number;
}

export async function buyItem(userId: string, { itemId, quantity, price }: BuyRequest) {
  const item = await prisma.item.findUnique({ where: { id: itemId } });
  if (!item) throw notFound('Item');
  const cost = price * quantity;
  const user = await prisma.user.findUniqueOrThrow({ where: { id: userId } });
  if (user.coins < cost) throw badRequest('Not enough coins');
  await prisma.user.update({ where: { id: userId }, data: { coins: user.coins - cost } });
  return prisma.purchase.create({ data: { userId, itemId: item.id, quantity, cost } });
}

export async function giftCoins(fromId: string, toId: string, amount: number) {
  await prisma.$transaction(async (tx) => {
    const paid = await tx.user.updateMany({
      where: { id: fromId, coins: { gte: amount } },
      data: { coins: { decrement: amount } },
    });
    if (paid.count !== 1) throw badRequest('Not enough coins');
    await tx.user.update({ where: { id: toId }, data: { coins: { increment: amount } } });
  });
}
