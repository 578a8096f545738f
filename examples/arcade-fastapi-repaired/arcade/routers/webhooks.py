from fastapi import APIRouter, Depends
from pydantic import BaseModel
from sqlalchemy import update

from ..config import settings
from ..deps import Db, Signed
from ..models import Order, User

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


class Payment(BaseModel):
    order_id: str
    status: str


@router.post("/payments", dependencies=[Depends(Signed(settings.payment_secret))])
async def payment(body: Payment, db: Db):
    if body.status == "paid":
        paid = await db.execute(
            update(Order).where(Order.id == body.order_id, Order.status == "pending").values(status="paid")
        )
        order = await db.get(Order, body.order_id)
        if paid.rowcount == 1 and order:
            await db.execute(update(User).where(User.id == order.user_id).values(coins=User.coins + order.coins))
            await db.commit()
    return {"received": True}
