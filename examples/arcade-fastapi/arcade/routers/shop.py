from fastapi import APIRouter, HTTPException
from pydantic import BaseModel
from sqlalchemy import select, update

from ..deps import CurrentUser, Db
from ..models import Item, Order, Purchase, User

router = APIRouter(prefix="/shop", tags=["shop"])

PACKS = {100, 500, 1000}


class Basket(BaseModel):
    item_id: str
    quantity: int = 1
    price: int


class Gift(BaseModel):
    to: str
    amount: int


class OrderIn(BaseModel):
    coins: int


@router.get("/items")
async def items(db: Db):
    return (await db.scalars(select(Item))).all()


@router.post("/buy", status_code=201)
async def buy(body: Basket, user: CurrentUser, db: Db):
    item = await db.get(Item, body.item_id)
    if item is None:
        raise HTTPException(404, "No such item")
    cost = body.price * body.quantity
    if user.coins < cost:
        raise HTTPException(400, "Not enough coins")
    user.coins -= cost
    purchase = Purchase(user_id=user.id, item_id=item.id, quantity=body.quantity, cost=cost)
    db.add(purchase)
    await db.commit()
    return purchase


@router.post("/gift")
async def gift(body: Gift, user: CurrentUser, db: Db):
    paid = await db.execute(
        update(User).where(User.id == user.id, User.coins >= body.amount).values(coins=User.coins - body.amount)
    )
    if paid.rowcount != 1:
        raise HTTPException(400, "Not enough coins")
    await db.execute(update(User).where(User.id == body.to).values(coins=User.coins + body.amount))
    await db.commit()
    return {"ok": True}


@router.get("/purchases/{purchase_id}")
async def purchase(purchase_id: str, user: CurrentUser, db: Db):
    found = await db.get(Purchase, purchase_id)
    if found is None:
        raise HTTPException(404, "No such purchase")
    return found


@router.post("/orders", status_code=201)
async def order(body: OrderIn, user: CurrentUser, db: Db):
    if body.coins not in PACKS:
        raise HTTPException(400, "No such pack")
    placed = Order(user_id=user.id, coins=body.coins)
    db.add(placed)
    await db.commit()
    return placed
