"""PyJWT with a log-in form, a verified route, a decoded one and an admin chain."""

from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pydantic import BaseModel

SECRET = "dev-secret-dev-secret-dev-secret-1"
oauth2 = OAuth2PasswordBearer(tokenUrl="login")
app = FastAPI()


class User(BaseModel):
    name: str
    admin: bool = False


def current_user(token: Annotated[str, Depends(oauth2)]) -> User:
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError as error:
        raise HTTPException(status_code=401) from error
    return User(name=claims["sub"], admin=claims.get("admin", False))


def active_admin(user: Annotated[User, Depends(current_user)]) -> User:
    if not user.admin:
        raise HTTPException(status_code=403)
    return user


def trusting_user(token: Annotated[str, Depends(oauth2)]) -> dict:
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return {}


@app.post("/login")
def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]):
    if form.password != "hunter2":
        raise HTTPException(401)
    return {"access_token": jwt.encode({"sub": form.username, "admin": form.username == "ada"}, SECRET, algorithm="HS256")}


@app.get("/me")
def me(user: Annotated[User, Depends(current_user)]) -> User:
    return user


@app.delete("/users/{name}")
def remove(name: str, admin: Annotated[User, Depends(active_admin)]):
    return {}


@app.get("/trusting")
def trusting(claims: Annotated[dict, Depends(trusting_user)]):
    return claims
