"""WebSocket routes: by dependency, by query token, by first message, per message, and not at all."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, WebSocket, WebSocketDisconnect, WebSocketException, status

app = FastAPI()
router = APIRouter(prefix="/rooms")


async def socket_user(socket: WebSocket, token: Annotated[str | None, Query()] = None) -> dict:
    if token != "good" and socket.headers.get("authorization") != "Bearer good":
        raise WebSocketException(code=status.WS_1008_POLICY_VIOLATION)
    return {"id": 7}


def http_guard(token: str = "") -> None:
    if token != "good":
        raise HTTPException(401)


@app.websocket("/open")
async def open_socket(socket: WebSocket):
    await socket.accept()
    while True:
        text = await socket.receive_text()
        await socket.send_text(text)


@app.websocket("/dependency")
async def by_dependency(socket: WebSocket, user: Annotated[dict, Depends(socket_user)]):
    await socket.accept()
    await socket.send_json(user)


@app.websocket("/listed", dependencies=[Depends(http_guard)])
async def by_list(socket: WebSocket):
    await socket.accept()


@router.websocket("/{room}/chat")
async def chat(socket: WebSocket, room: str):
    await socket.accept()
    first = await socket.receive_json()
    if first.get("token") != "good":
        await socket.close(code=4401)
        return
    try:
        while True:
            message = await socket.receive_json()
            await socket.send_json({"room": room, "text": message.get("text")})
    except WebSocketDisconnect:
        pass


@router.websocket("/{room}/game")
async def game(socket: WebSocket, room: str):
    token = socket.query_params.get("token")
    await socket.accept()
    while True:
        message = await socket.receive_json()
        if message["type"] == "look":
            await socket.send_json({"map": room})
        elif message["type"] == "move":
            if token != "good":
                await socket.send_json({"error": "sign in"})
                continue
            await socket.send_json({"moved": True})


app.include_router(router, prefix="/ws")
