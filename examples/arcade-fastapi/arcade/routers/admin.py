from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel
from sqlalchemy import select

from ..deps import CurrentUser, Db, current_user, require_role, verify_api_key
from ..models import Item, User
from .scores import Score

router = APIRouter(prefix="/admin", tags=["admin"])
admin_only = [Depends(require_role("admin"))]


class RoleIn(BaseModel):
    role: str


class CoinsIn(BaseModel):
    coins: int


class PriceIn(BaseModel):
    price: int


class Announcement(BaseModel):
    text: str
    acting_role: str = "player"


announcements: list[dict] = []


async def load(db: Db, user_id: str) -> User:
    user = await db.get(User, user_id)
    if user is None:
        raise HTTPException(404, "No such player")
    return user


@router.get("/users", dependencies=admin_only)
async def users(db: Db):
    rows = await db.scalars(select(User))
    return [{"id": user.id, "email": user.email, "coins": user.coins} for user in rows]


@router.post("/users/{user_id}/ban", status_code=204, dependencies=admin_only)
async def ban(user_id: str, db: Db):
    (await load(db, user_id)).banned = True
    await db.commit()


@router.post("/users/{user_id}/role", status_code=204, dependencies=admin_only)
async def set_role(user_id: str, body: RoleIn, db: Db):
    (await load(db, user_id)).role = body.role
    await db.commit()


@router.post("/users/{user_id}/coins", status_code=204, dependencies=[Depends(current_user)])
async def grant(user_id: str, body: CoinsIn, db: Db):
    user = await load(db, user_id)
    user.coins += body.coins
    await db.commit()


@router.put("/items/{item_id}/price", status_code=204, dependencies=admin_only)
async def set_price(item_id: str, body: PriceIn, db: Db):
    item = await db.get(Item, item_id)
    if item is None:
        raise HTTPException(404, "No such item")
    item.price = body.price
    await db.commit()


@router.post("/announcements", status_code=201)
async def announce(body: Announcement, user: CurrentUser):
    if body.acting_role != "admin":
        raise HTTPException(403, "Only admins announce")
    announcements.append({"author": user.id, "text": body.text})
    return announcements[-1]


@router.post("/season-reset", dependencies=[Depends(verify_api_key)])
async def season_reset(db: Db):
    for score in await db.scalars(select(Score)):
        await db.delete(score)
    await db.commit()
    return {"reset": True}


@router.delete("/users/{user_id}", status_code=204)
async def remove_user(user_id: str, db: Db):
    await db.delete(await load(db, user_id))
    await db.commit()
