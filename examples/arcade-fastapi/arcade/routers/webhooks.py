from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import update

from ..deps import Db
from ..models import Order, User

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


class Payment(BaseModel):
    order_id: str
    status: str


@router.post("/payments")
async def payment(body: Payment, db: Db):
    if body.status == "paid":
        order = await db.get(Order, body.order_id)
        if order and order.status == "pending":
            order.status = "paid"
            await db.execute(update(User).where(User.id == order.user_id).values(coins=User.coins + order.coins))
            await db.commit()
    return {"received": True}
