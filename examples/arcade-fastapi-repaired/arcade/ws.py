from collections import defaultdict

from fastapi import APIRouter, HTTPException, WebSocket, WebSocketDisconnect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .config import settings
from .db import SessionMaker
from .models import Chat, Seat, User
from .routers.lobbies import leave_seat, own_lobby, take_seat
from .sessions import live, user_of

router = APIRouter()
rooms: dict[str, set[WebSocket]] = defaultdict(set)


async def broadcast(lobby_id: str, message: dict) -> None:
    for socket in list(rooms[lobby_id]):
        await socket.send_json(message)


async def require_seat(db: AsyncSession, lobby_id: str, user_id: str) -> None:
    if await db.scalar(select(Seat).where(Seat.lobby_id == lobby_id, Seat.user_id == user_id)) is None:
        raise HTTPException(403, "You are not in this lobby")


async def who(token: str | None) -> User | None:
    """Asked again for every message, so that a ban or a log-out ends the connection too."""
    if not token:
        return None
    async with SessionMaker() as db:
        return await user_of(db, token)


async def accept_by_cookie(socket: WebSocket) -> User | None:
    """Browsers send cookies along from any page, so the page must be ours."""
    user = await who(socket.cookies.get("arcade_access"))
    if user is None or socket.headers.get("origin") != settings.web_url:
        await socket.close(4401)
        return None
    await socket.accept()
    live[user.id].add(socket)
    return user


async def on_join(socket: WebSocket, user_id: str, data: dict) -> None:
    async with SessionMaker() as db:
        await take_seat(db, data["lobby_id"], user_id)
    rooms[data["lobby_id"]].add(socket)


async def on_chat(socket: WebSocket, user_id: str, data: dict) -> None:
    async with SessionMaker() as db:
        await require_seat(db, data["lobby_id"], user_id)
        db.add(Chat(lobby_id=data["lobby_id"], author_id=user_id, text=data["text"]))
        await db.commit()
    await broadcast(data["lobby_id"], {"type": "chat", "user_id": user_id, "text": data["text"]})


async def on_start(socket: WebSocket, user_id: str, data: dict) -> None:
    async with SessionMaker() as db:
        lobby = await own_lobby(db, data["lobby_id"], user_id)
        lobby.started = True
        await db.commit()
    await broadcast(data["lobby_id"], {"type": "started"})


async def on_kick(socket: WebSocket, user_id: str, data: dict) -> None:
    async with SessionMaker() as db:
        await own_lobby(db, data["lobby_id"], user_id)
        await leave_seat(db, data["lobby_id"], data["user_id"])
    await broadcast(data["lobby_id"], {"type": "kicked", "user_id": data["user_id"]})


async def on_emote(socket: WebSocket, user_id: str, data: dict) -> None:
    async with SessionMaker() as db:
        await require_seat(db, data["lobby_id"], user_id)
        db.add(Chat(lobby_id=data["lobby_id"], author_id=user_id, text=f"* {data['emote']}"))
        await db.commit()
    await broadcast(data["lobby_id"], {"type": "emote", "emote": data["emote"]})


HANDLERS = {"join": on_join, "emote": on_emote, "chat": on_chat, "start": on_start, "kick": on_kick}


@router.websocket("/ws/lobby")
async def lobby_socket(socket: WebSocket):
    await socket.accept()
    token: str | None = None
    try:
        while True:
            data = await socket.receive_json()
            kind = data.get("type")
            if kind == "hello":
                token = str(data.get("token"))
            user = await who(token)
            if user is None:
                await socket.close(4401)
                return
            if kind == "hello":
                live[user.id].add(socket)
                await socket.send_json({"type": "welcome"})
            elif kind in HANDLERS:
                try:
                    await HANDLERS[kind](socket, user.id, data)
                except HTTPException as refused:
                    await socket.send_json({"type": "refused", "why": refused.detail})
    except WebSocketDisconnect:
        pass
    finally:
        for members in [*rooms.values(), *live.values()]:
            members.discard(socket)


@router.websocket("/ws/spectate/{lobby_id}")
async def spectate(socket: WebSocket, lobby_id: str):
    """Watch your match on a second screen."""
    if await accept_by_cookie(socket) is None:
        return
    try:
        while True:
            data = await socket.receive_json()
            user = await who(socket.cookies.get("arcade_access"))
            if user is None:
                await socket.close(4401)
                return
            async with SessionMaker() as db:
                await require_seat(db, lobby_id, user.id)
                rooms[lobby_id].add(socket)
                match data.get("type"):
                    case "history":
                        chats = (await db.scalars(select(Chat).where(Chat.lobby_id == lobby_id))).all()
                        await socket.send_json({"type": "history", "lines": [chat.text for chat in chats]})
                    case "cheer":
                        db.add(Chat(lobby_id=lobby_id, author_id=user.id, text=data["text"]))
                        await db.commit()
                        await broadcast(lobby_id, {"type": "chat", "text": data["text"]})
    except HTTPException:
        await socket.close(4403)
    except WebSocketDisconnect:
        pass
    finally:
        for members in [*rooms.values(), *live.values()]:
            members.discard(socket)


@router.websocket("/ws/notify")
async def notify(socket: WebSocket):
    user = await accept_by_cookie(socket)
    if user is None:
        return
    rooms[f"user:{user.id}"].add(socket)
    try:
        while await who(socket.cookies.get("arcade_access")):
            await socket.receive_text()
        await socket.close(4401)
    except WebSocketDisconnect:
        pass
    finally:
        for members in [*rooms.values(), *live.values()]:
            members.discard(socket)
