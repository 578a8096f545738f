"""The middleware that is added last runs first; the HTTP ones do not run for WebSockets."""

from fastapi import FastAPI, Request, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.middleware.base import BaseHTTPMiddleware


class Timing(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next):
        response = await call_next(request)
        response.headers["x-time"] = "0"
        return response


class RawLog:
    def __init__(self, app, label: str = "log") -> None:
        self.app = app
        self.label = label

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


app = FastAPI()
app.add_middleware(Timing)
app.add_middleware(RawLog, label="outer")


@app.middleware("http")
async def require_user(request: Request, call_next):
    if request.url.path.startswith("/api/") and request.headers.get("authorization") != "Bearer good":
        return JSONResponse({"error": "sign in"}, status_code=401)
    return await call_next(request)


app.add_middleware(CORSMiddleware, allow_origins=["https://example.org"])


@app.get("/api/orders")
def orders():
    return []


@app.get("/health")
def health():
    return {}


@app.websocket("/api/live")
async def live(socket: WebSocket):
    await socket.accept()
    await socket.send_json({"live": True})
    await socket.close()
