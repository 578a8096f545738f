from typing import Annotated

import jwt
from fastapi import APIRouter, Depends, Header, HTTPException
from pydantic import BaseModel
from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ..deps import CurrentUser, Db, maybe_user
from ..models import Base, User
from ..security import read_share_token, share_token

router = APIRouter(prefix="/scores", tags=["scores"])


class Score(Base):
    __tablename__ = "scores"

    user_id: Mapped[str]
    game: Mapped[str]
    points: Mapped[int]


class ScoreIn(BaseModel):
    game: str
    points: int
    user_id: str | None = None


@router.get("")
async def board(db: Db, game: str = "pong"):
    query = select(Score).where(Score.game == game).order_by(Score.points.desc()).limit(20)
    return (await db.scalars(query)).all()


@router.get("/mine")
async def mine(user: CurrentUser, db: Db):
    return (await db.scalars(select(Score).where(Score.user_id == user.id))).all()


@router.get("/shared/{token}")
async def shared(token: str, db: Db):
    try:
        score = await db.get(Score, read_share_token(token))
    except jwt.PyJWTError:
        raise HTTPException(404, "No such score") from None
    return score


@router.post("/{score_id}/share")
async def share(score_id: str, user: CurrentUser, db: Db):
    score = await db.scalar(select(Score).where(Score.id == score_id, Score.user_id == user.id))
    if score is None:
        raise HTTPException(404, "No such score")
    return {"token": share_token(score.id)}


@router.post("", status_code=201)
async def submit(body: ScoreIn, db: Db, user: Annotated[User | None, Depends(maybe_user)]):
    owner = user.id if user else body.user_id or "guest"
    score = Score(user_id=owner, game=body.game, points=body.points)
    db.add(score)
    await db.commit()
    return score


@router.post("/partner", status_code=201)
async def submit_for_partner(body: ScoreIn, db: Db, x_user_id: Annotated[str | None, Header()] = None):
    """The partner's gateway has logged the player in."""
    if x_user_id is None:
        raise HTTPException(401, "No user")
    score = Score(user_id=x_user_id, game=body.game, points=body.points)
    db.add(score)
    await db.commit()
    return score


@router.delete("/{score_id}", status_code=204)
async def remove(score_id: str, db: Db):
    await db.execute(delete(Score).where(Score.id == score_id))
    await db.commit()
