from contextlib import asynccontextmanager

import jwt
from fastapi import Depends, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from slowapi import _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from sqlalchemy import select

from . import routers, ws
from .config import settings
from .db import SessionMaker, engine
from .deps import require_role
from .limits import limiter
from .models import Base, Item
from .security import read_token


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with SessionMaker() as db:
        if await db.scalar(select(Item)) is None:
            db.add_all([Item(id="hat", name="Top hat", price=40), Item(id="trail", name="Rainbow trail", price=250)])
            await db.commit()
    yield


def create_app() -> FastAPI:
    app = FastAPI(title="Arcade", debug=True, lifespan=lifespan)
    app.state.limiter = limiter
    app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=".*",
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )

    @app.middleware("http")
    async def moderators_only(request: Request, call_next):
        if request.url.path.startswith("/moderation"):
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            try:
                role = read_token(token).get("role")
            except jwt.PyJWTError:
                return JSONResponse({"detail": "Log in first"}, status_code=401)
            if role not in {"moderator", "admin"}:
                return JSONResponse({"detail": "Moderators only"}, status_code=403)
        return await call_next(request)

    plain = ("auth", "two_factor", "oauth", "me", "clubs", "shop", "scores", "lobbies", "admin", "moderation", "webhooks")
    for name in plain:
        app.include_router(getattr(routers, name).router, prefix="/api")
    app.include_router(routers.invites.build_router(), prefix="/api")

    guards = [Depends(require_role("admin"))] if settings.protect_stats else []
    app.include_router(routers.stats.router, prefix="/api", dependencies=guards)
    app.include_router(ws.router)

    @app.get("/health")
    async def health():
        return {"ok": True}

    @app.exception_handler(ValueError)
    async def on_value_error(request: Request, error: ValueError):
        return JSONResponse({"error": str(error)}, status_code=400)

    return app


app = create_app()
