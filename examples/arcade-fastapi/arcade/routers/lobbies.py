from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..deps import CurrentUser, Db, current_user
from ..models import Lobby, Seat

router = APIRouter(prefix="/lobbies", tags=["lobbies"], dependencies=[Depends(current_user)])


class LobbyIn(BaseModel):
    name: str


async def own_lobby(db: AsyncSession, lobby_id: str, user_id: str) -> Lobby:
    lobby = await db.get(Lobby, lobby_id)
    if lobby is None:
        raise HTTPException(404, "No such lobby")
    if lobby.owner_id != user_id:
        raise HTTPException(403, "Only the host can do that")
    return lobby


async def take_seat(db: AsyncSession, lobby_id: str, user_id: str) -> None:
    lobby = await db.get(Lobby, lobby_id)
    if lobby is None or lobby.seats <= 0:
        raise HTTPException(400, "Lobby is full")
    lobby.seats -= 1
    db.add(Seat(lobby_id=lobby_id, user_id=user_id))
    await db.commit()


async def leave_seat(db: AsyncSession, lobby_id: str, user_id: str) -> None:
    await db.execute(delete(Seat).where(Seat.lobby_id == lobby_id, Seat.user_id == user_id))
    await db.commit()


@router.get("")
async def listing(db: Db):
    return (await db.scalars(select(Lobby).where(Lobby.started.is_(False)))).all()


@router.post("", status_code=201)
async def create(body: LobbyIn, user: CurrentUser, db: Db):
    lobby = Lobby(name=body.name, owner_id=user.id)
    db.add(lobby)
    await db.flush()
    db.add(Seat(lobby_id=lobby.id, user_id=user.id))
    await db.commit()
    return lobby


@router.post("/{lobby_id}/join")
async def join(lobby_id: str, user: CurrentUser, db: Db):
    await take_seat(db, lobby_id, user.id)
    return {"joined": True}


@router.post("/{lobby_id}/start")
async def start(lobby_id: str, user: CurrentUser, db: Db):
    lobby = await own_lobby(db, lobby_id, user.id)
    lobby.started = True
    await db.commit()
    return lobby


@router.delete("/{lobby_id}/seats/{user_id}", status_code=204)
async def kick(lobby_id: str, user_id: str, user: CurrentUser, db: Db):
    await own_lobby(db, lobby_id, user.id)
    await leave_seat(db, lobby_id, user_id)
