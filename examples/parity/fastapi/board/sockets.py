from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect
from sqlalchemy.orm import Session

from .store import Message, Note, session
from .tokens import account_of

router = APIRouter()


@router.websocket("/feed")
async def feed(socket: WebSocket, db: Session = Depends(session)):
    account = account_of(socket.headers.get("authorization"), db)
    if account is None:
        await socket.close(4401)
        return
    await socket.accept()
    try:
        while True:
            message = await socket.receive_json()
            if message["type"] == "say":
                db.add(Note(owner_id=account.id, text=message["text"]))
                db.commit()
                await socket.send_json({"type": "said", "text": message["text"]})
    except WebSocketDisconnect:
        return


@router.websocket("/wall")
async def wall(socket: WebSocket, db: Session = Depends(session)):
    await socket.accept()
    try:
        while True:
            message = await socket.receive_json()
            if message["type"] == "say":
                db.add(Message(text=message["text"]))
                db.commit()
                await socket.send_json({"type": "said", "text": message["text"]})
    except WebSocketDisconnect:
        return
