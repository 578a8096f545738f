from typing import Annotated

import jwt
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic import BaseModel, EmailStr, Field
from sqlalchemy import select

from ..config import settings
from ..deps import Db, current_session
from ..limits import limiter
from ..mail import send_mail
from ..models import Session, User
from ..security import check_password, hash_password, pending_token, read_pending_token
from ..sessions import consume, exchange, one_time_token, revoke, revoke_all, start_session
from .two_factor import take_code

router = APIRouter(prefix="/auth", tags=["auth"])


class Registration(BaseModel):
    email: EmailStr
    name: str
    password: str = Field(min_length=8)


class Token(BaseModel):
    token: str


class Login(BaseModel):
    email: EmailStr
    password: str


class SecondStep(BaseModel):
    pending: str | None = None
    code: str


@router.post("/register", status_code=202)
@limiter.limit("10/hour")
async def register(request: Request, body: Registration, db: Db):
    """Answers alike whether or not the address is known; the mail says the rest."""
    hashed = hash_password(body.password)
    if await db.scalar(select(User).where(User.email == body.email)):
        await send_mail(body.email, "You already have an account", settings.web_url)
    else:
        user = User(email=body.email, name=body.name, password_hash=hashed)
        db.add(user)
        await db.flush()
        token = await one_time_token(db, user.id, "verify", 24 * 60)
        await send_mail(body.email, "Welcome", f"{settings.web_url}/verify#{token}")
    return {"sent": True}


@router.post("/verify")
@limiter.limit("10/minute")
async def verify(request: Request, body: Token, db: Db):
    user = await consume(db, body.token, "verify")
    if user is None:
        raise HTTPException(400, "This link is not valid")
    user.verified = True
    await db.commit()
    return {"ok": True}


@router.post("/login")
@limiter.limit("5/minute")
async def login(request: Request, body: Login, response: Response, db: Db):
    user = await db.scalar(select(User).where(User.email == body.email))
    right = check_password(body.password, user.password_hash if user else None)
    if user is None or not right or user.banned or not user.verified:
        raise HTTPException(401, "Wrong address or password")
    if user.totp_enabled:
        return {"pending": pending_token(user.id)}
    return await start_session(db, response, user)


@router.post("/login/code")
@limiter.limit("5/minute")
async def login_code(request: Request, body: SecondStep, response: Response, db: Db):
    try:
        claims = read_pending_token(body.pending or request.cookies.get("arcade_pending", ""))
    except jwt.PyJWTError:
        raise HTTPException(400, "Start again") from None
    user = await db.get(User, claims["sub"])
    if user is None or user.banned or not await take_code(db, user, body.code):
        raise HTTPException(401, "Wrong code")
    return await start_session(db, response, user)


@router.post("/refresh")
async def refresh(request: Request, response: Response, db: Db):
    token = request.cookies.get("arcade_refresh")
    fresh = await exchange(db, response, token) if token else None
    if fresh is None:
        raise HTTPException(401, "Log in again")
    return fresh


@router.post("/logout", status_code=204)
async def logout(session: Annotated[Session, Depends(current_session)], response: Response, db: Db):
    await revoke(db, session.id)
    response.delete_cookie("arcade_access")
    response.delete_cookie("arcade_refresh", path="/api/auth")


class Forgot(BaseModel):
    email: EmailStr


class Reset(BaseModel):
    code: str
    password: str = Field(min_length=8)


@router.post("/forgot")
@limiter.limit("5/hour")
async def forgot(request: Request, body: Forgot, db: Db):
    user = await db.scalar(select(User).where(User.email == body.email))
    if user:
        token = await one_time_token(db, user.id, "reset", 30)
        await send_mail(user.email, "Reset your password", f"{settings.web_url}/reset#{token}")
    return {"sent": True}


@router.post("/reset")
@limiter.limit("5/minute")
async def reset(request: Request, body: Reset, db: Db):
    user = await consume(db, body.code, "reset")
    if user is None:
        raise HTTPException(400, "This code is not valid")
    user.password_hash = hash_password(body.password)
    await db.commit()
    await revoke_all(db, user.id)
    return {"ok": True}
