from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel
from sqlalchemy import delete, select, update
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
    """Counts a seat and takes it in one transaction, so that two players never share the last one."""
    taken = await db.execute(
        update(Lobby).where(Lobby.id == lobby_id, Lobby.seats > 0, Lobby.started.is_(False)).values(seats=Lobby.seats - 1)
    )
    if taken.rowcount != 1:
        raise HTTPException(400, "Lobby is full")
    db.add(Seat(lobby_id=lobby_id, user_id=user_id))
    await db.commit()


async def leave_seat(db: AsyncSession, lobby_id: str, user_id: str) -> None:
    gone = await db.execute(delete(Seat).where(Seat.lobby_id == lobby_id, Seat.user_id == user_id))
    await db.execute(update(Lobby).where(Lobby.id == lobby_id).values(seats=Lobby.seats + gone.rowcount))
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
