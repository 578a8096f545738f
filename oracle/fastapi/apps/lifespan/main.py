"""State made by a lifespan, read by the guard; an application factory."""

from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI, HTTPException, Request


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.tokens = {"good": 7}
    yield
    app.state.tokens.clear()


def require_user(request: Request) -> int:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    user = request.app.state.tokens.get(token)
    if user is None:
        raise HTTPException(status_code=401)
    return user


def register(app: FastAPI) -> None:
    @app.get("/orders")
    def orders(user: int = Depends(require_user)):
        return [user]

    @app.get("/prices")
    def prices():
        return []


def create_app(debug: bool = False) -> FastAPI:
    app = FastAPI(lifespan=lifespan, debug=debug)
    register(app)
    return app
