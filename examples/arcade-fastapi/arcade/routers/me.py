from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, HTTPException
from pydantic import BaseModel
from sqlalchemy import select

from ..deps import CurrentUser, Db, current_user
from ..models import Claim, Purchase, User
from ..security import check_password, hash_password

router = APIRouter(prefix="/me", tags=["me"], dependencies=[Depends(current_user)])


class NewPassword(BaseModel):
    current: str
    password: str


def card(user: User) -> dict:
    return {"id": user.id, "email": user.email, "name": user.name, "coins": user.coins, "role": user.role}


@router.get("")
async def show(user: CurrentUser):
    return card(user)


@router.patch("")
async def change(user: CurrentUser, db: Db, body: Annotated[dict[str, Any], Body()]):
    for field, value in body.items():
        setattr(user, field, value)
    await db.commit()
    return card(user)


@router.post("/password", status_code=204)
async def change_password(body: NewPassword, user: CurrentUser, db: Db):
    if not check_password(body.current, user.password_hash):
        raise HTTPException(403, "Wrong password")
    user.password_hash = hash_password(body.password)
    await db.commit()


@router.get("/purchases")
async def purchases(user: CurrentUser, db: Db):
    return (await db.scalars(select(Purchase).where(Purchase.user_id == user.id))).all()


@router.post("/rewards/welcome")
async def welcome_reward(user: CurrentUser, db: Db):
    user.coins += 200
    await db.commit()
    return {"coins": user.coins}


@router.post("/rewards/first-win")
async def first_win(user: CurrentUser, db: Db):
    db.add(Claim(user_id=user.id, reward="first-win"))
    await db.flush()
    user.coins = User.coins + 50
    await db.commit()
    return {"claimed": True}
