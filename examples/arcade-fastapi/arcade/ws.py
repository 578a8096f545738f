from collections import defaultdict

import jwt
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from sqlalchemy import select, update

from .config import settings
from .db import SessionMaker
from .models import Chat, Lobby, Seat
from .routers.lobbies import leave_seat, take_seat
from .security import read_token

router = APIRouter()
rooms: dict[str, set[WebSocket]] = defaultdict(set)


async def broadcast(lobby_id: str, message: dict) -> None:
    for socket in list(rooms[lobby_id]):
        await socket.send_json(message)


async def on_join(socket: WebSocket, user_id: str, data: dict) -> None:
    async with SessionMaker() as db:
        await take_seat(db, data["lobby_id"], user_id)
    rooms[data["lobby_id"]].add(socket)


async def on_chat(socket: WebSocket, user_id: str, data: dict) -> None:
    async with SessionMaker() as db:
        seat = await db.scalar(select(Seat).where(Seat.lobby_id == data["lobby_id"], Seat.user_id == user_id))
        if seat is None:
            return
        db.add(Chat(lobby_id=data["lobby_id"], author_id=user_id, text=data["text"]))
        await db.commit()
    await broadcast(data["lobby_id"], {"type": "chat", "user_id": user_id, "text": data["text"]})


async def on_start(socket: WebSocket, user_id: str, data: dict) -> None:
    async with SessionMaker() as db:
        await db.execute(update(Lobby).where(Lobby.id == data["lobby_id"]).values(started=True))
        await db.commit()
    await broadcast(data["lobby_id"], {"type": "started"})


async def on_kick(socket: WebSocket, user_id: str, data: dict) -> None:
    async with SessionMaker() as db:
        await leave_seat(db, data["lobby_id"], data["user_id"])
    await broadcast(data["lobby_id"], {"type": "kicked", "user_id": data["user_id"]})


HANDLERS = {"join": on_join, "chat": on_chat, "start": on_start, "kick": on_kick}


@router.websocket("/ws/lobby")
async def lobby_socket(socket: WebSocket):
    await socket.accept()
    user_id: str | None = None
    try:
        while True:
            data = await socket.receive_json()
            kind = data.get("type")
            if kind == "hello":
                user_id = read_token(data["token"])["sub"]
                await socket.send_json({"type": "welcome"})
            elif kind == "emote":
                async with SessionMaker() as db:
                    db.add(Chat(lobby_id=data["lobby_id"], text=f"* {data['emote']}"))
                    await db.commit()
                await broadcast(data["lobby_id"], {"type": "emote", "emote": data["emote"]})
            elif user_id is None:
                await socket.close(4401)
                return
            elif kind in HANDLERS:
                await HANDLERS[kind](socket, user_id, data)
    except (WebSocketDisconnect, jwt.PyJWTError):
        for members in rooms.values():
            members.discard(socket)


@router.websocket("/ws/spectate/{lobby_id}")
async def spectate(socket: WebSocket, lobby_id: str):
    await socket.accept()
    rooms[lobby_id].add(socket)
    try:
        while True:
            data = await socket.receive_json()
            match data.get("type"):
                case "history":
                    async with SessionMaker() as db:
                        chats = (await db.scalars(select(Chat).where(Chat.lobby_id == lobby_id))).all()
                    await socket.send_json({"type": "history", "lines": [chat.text for chat in chats]})
                case "cheer":
                    async with SessionMaker() as db:
                        db.add(Chat(lobby_id=lobby_id, author_id=data["user_id"], text=data["text"]))
                        await db.commit()
                    await broadcast(lobby_id, {"type": "chat", "text": data["text"]})
    except WebSocketDisconnect:
        rooms[lobby_id].discard(socket)


@router.websocket("/ws/notify")
async def notify(socket: WebSocket):
    token = socket.cookies.get("arcade_access")
    try:
        claims = jwt.decode(token or "", settings.jwt_secret, algorithms=["HS256"], options={"verify_exp": False})
    except jwt.PyJWTError:
        await socket.close(4401)
        return
    await socket.accept()
    rooms[f"user:{claims['sub']}"].add(socket)
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        rooms[f"user:{claims['sub']}"].discard(socket)
