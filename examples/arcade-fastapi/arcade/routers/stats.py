from fastapi import APIRouter
from sqlalchemy import select

from ..deps import Db
from ..models import Order, User

router = APIRouter(prefix="/stats", tags=["stats"])


@router.get("/revenue")
async def revenue(db: Db):
    return (await db.scalars(select(Order).where(Order.status == "paid"))).all()


@router.get("/players")
async def players(db: Db):
    rows = await db.execute(select(User.id, User.email, User.coins))
    return [dict(row) for row in rows.mappings()]
