"""Guards that only look, that let through on failure, that check presence, and a handler that checks for itself."""

from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, Header, HTTPException, Request


def verify(header: str | None) -> dict:
    if header != "Bearer good":
        raise ValueError("bad token")
    return {"id": 7}


def require_user(authorization: Annotated[str | None, Header()] = None) -> dict | None:
    try:
        return verify(authorization)
    except ValueError:
        return None


def optional_user(request: Request) -> dict | None:
    return {"id": 7} if request.headers.get("authorization") == "Bearer good" else None


def has_header(authorization: Annotated[str | None, Header()] = None) -> None:
    if not authorization:
        raise HTTPException(401)


def x7(session: Annotated[str | None, Cookie()] = None) -> None:
    if session != "good":
        raise HTTPException(401)


def is_admin() -> bool:
    return True


app = FastAPI()


@app.get("/fail-open")
def fail_open(user=Depends(require_user)):
    return user


@app.get("/optional")
def optional(user=Depends(optional_user)):
    return user


@app.get("/presence", dependencies=[Depends(has_header)])
def presence():
    return {}


@app.get("/cookie", dependencies=[Depends(x7)])
def cookie():
    return {}


@app.get("/named-only", dependencies=[Depends(is_admin)])
def named_only():
    return {}


@app.get("/own-check")
def own_check(user=Depends(optional_user)):
    if user is None:
        raise HTTPException(status_code=401, detail="sign in")
    return user
