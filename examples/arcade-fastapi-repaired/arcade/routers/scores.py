from typing import Annotated, Literal

import jwt
from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ..config import settings
from ..deps import CurrentUser, Db, Signed, maybe_user
from ..models import Base, User
from ..security import read_share_token, share_token

router = APIRouter(prefix="/scores", tags=["scores"])


class Score(Base):
    __tablename__ = "scores"

    user_id: Mapped[str]
    game: Mapped[str]
    points: Mapped[int]


class ScoreIn(BaseModel):
    game: Literal["pong", "snake"]
    moves: list[str] = Field(max_length=5000)


class PartnerScore(BaseModel):
    user_id: str
    game: str
    points: int


WORTH = {"hit": 10, "rally": 2, "miss": -5}


def replay(moves: list[str]) -> int:
    """Plays a match again, so that the points are ours and not the client's."""
    points = 0
    for move in moves:
        points = max(0, points + WORTH.get(move, 0))
    return points


@router.get("")
async def board(db: Db, user: Annotated[User | None, Depends(maybe_user)], game: str = "pong"):
    query = select(Score).where(Score.game == game).order_by(Score.points.desc()).limit(20)
    scores = await db.scalars(query)
    me = user.id if user else None
    return [{"game": row.game, "points": row.points, "mine": row.user_id == me} for row in scores]


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
async def submit(body: ScoreIn, user: CurrentUser, db: Db):
    score = Score(user_id=user.id, game=body.game, points=replay(body.moves))
    db.add(score)
    await db.commit()
    return score


@router.post("/partner", status_code=201, dependencies=[Depends(Signed(settings.partner_secret))])
async def submit_for_partner(body: PartnerScore, db: Db):
    """The partner's gateway has logged the player in, and signs what it says."""
    score = Score(user_id=body.user_id, game=body.game, points=body.points)
    db.add(score)
    await db.commit()
    return score


@router.delete("/{score_id}", status_code=204)
async def remove(score_id: str, user: CurrentUser, db: Db):
    await db.execute(delete(Score).where(Score.id == score_id, Score.user_id == user.id))
    await db.commit()
