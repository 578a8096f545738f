from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ..deps import CurrentUser, Db, current_user
from ..limits import limiter
from ..models import Claim, Purchase, User
from ..security import check_password, hash_password
from ..sessions import revoke_all, start_session

router = APIRouter(prefix="/me", tags=["me"], dependencies=[Depends(current_user)])


class NewPassword(BaseModel):
    current: str
    password: str = Field(min_length=8)


class Profile(BaseModel):
    name: str | None = Field(default=None, min_length=2, max_length=30)
    bio: str | None = Field(default=None, max_length=500)


def card(user: User) -> dict:
    return {"id": user.id, "email": user.email, "name": user.name, "coins": user.coins, "role": user.role}


@router.get("")
async def show(user: CurrentUser):
    return card(user)


@router.patch("")
async def change(user: CurrentUser, db: Db, body: Profile):
    user.name = body.name or user.name
    user.bio = user.bio if body.bio is None else body.bio
    await db.commit()
    return card(user)


@router.post("/password")
@limiter.limit("10/minute")
async def change_password(request: Request, response: Response, body: NewPassword, user: CurrentUser, db: Db):
    if not check_password(body.current, user.password_hash):
        raise HTTPException(403, "Wrong password")
    user.password_hash = hash_password(body.password)
    await db.commit()
    await revoke_all(db, user.id)
    return await start_session(db, response, user)


@router.get("/purchases")
async def purchases(user: CurrentUser, db: Db):
    return (await db.scalars(select(Purchase).where(Purchase.user_id == user.id))).all()


async def claim(db: AsyncSession, user_id: str, reward: str, coins: int) -> dict:
    """Records the claim and pays in one transaction; user and reward are unique together, so it pays once."""
    db.add(Claim(user_id=user_id, reward=reward))
    try:
        await db.flush()
    except IntegrityError:
        raise HTTPException(409, "Claimed already") from None
    await db.execute(update(User).where(User.id == user_id).values(coins=User.coins + coins))
    await db.commit()
    return {"claimed": True}


@router.post("/rewards/welcome")
async def welcome_reward(user: CurrentUser, db: Db):
    return await claim(db, user.id, "welcome", 200)


@router.post("/rewards/first-win")
async def first_win(user: CurrentUser, db: Db):
    return await claim(db, user.id, "first-win", 50)
