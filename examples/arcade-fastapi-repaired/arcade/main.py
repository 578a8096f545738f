from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from slowapi import _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from slowapi.middleware import SlowAPIMiddleware
from sqlalchemy import select

from . import routers, ws
from .config import settings
from .db import SessionMaker, engine
from .limits import limiter
from .models import Base, Item


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
    app = FastAPI(title="Arcade", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.limiter = limiter
    app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)
    app.add_middleware(SlowAPIMiddleware)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[settings.web_url],
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )

    @app.middleware("http")
    async def same_origin(request: Request, call_next):
        origin = request.headers.get("origin")
        if request.method not in {"GET", "HEAD", "OPTIONS"} and origin and origin != settings.web_url:
            return JSONResponse({"detail": "Foreign origin"}, status_code=403)
        response = await call_next(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    plain = ("auth", "two_factor", "oauth", "me", "clubs", "shop", "scores", "lobbies", "admin", "moderation", "webhooks")
    for name in plain:
        app.include_router(getattr(routers, name).router, prefix="/api")
    app.include_router(routers.invites.build_router(), prefix="/api")

    app.include_router(routers.stats.router, prefix="/api")
    app.include_router(ws.router)

    @app.get("/health")
    async def health():
        return {"ok": True}

    return app


app = create_app()
