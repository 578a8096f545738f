"""SessionMiddleware, a redirect to the log-in page, a limiter that is mounted on one route only."""

from fastapi import Depends, FastAPI, Form, HTTPException, Request
from slowapi import Limiter
from slowapi.util import get_remote_address
from starlette.middleware.sessions import SessionMiddleware

limiter = Limiter(key_func=get_remote_address)
app = FastAPI()
app.state.limiter = limiter
app.add_middleware(SessionMiddleware, secret_key="dev")


def signed_in(request: Request) -> int:
    if "user" not in request.session:
        raise HTTPException(status_code=303, headers={"Location": "/login"})
    return request.session["user"]


@app.post("/login")
@limiter.limit("5/minute")
def login(request: Request, password: str = Form()):
    if password != "hunter2":
        raise HTTPException(401)
    request.session["user"] = 7
    return {}


@app.post("/reset")
def reset(request: Request):
    return {}


@app.get("/account")
def account(user: int = Depends(signed_in)):
    return user


@app.get("/greeting")
def greeting(request: Request):
    return "again" if request.session.get("user") else "hello"
