"""What is added to a router after it was included is served since FastAPI 0.136 or so; here it is not."""

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException


def require_user(authorization: str | None = Header(None)):
    if authorization != "Bearer good":
        raise HTTPException(401)


app = FastAPI()
early = APIRouter(prefix="/early")


@early.get("/one")
def one():
    return {}


early.dependencies.append(Depends(require_user))


@early.get("/two")
def two():
    return {}


app.include_router(early)


@early.get("/three")
def three():
    return {}


@app.get("/before")
def before():
    return {}


app.router.dependencies.append(Depends(require_user))


@app.get("/after")
def after():
    return {}
