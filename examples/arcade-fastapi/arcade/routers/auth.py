import jwt
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, EmailStr
from sqlalchemy import select

from ..deps import CurrentUser, Db
from ..limits import limiter
from ..mail import send_mail
from ..models import Membership, ResetCode, User
from ..security import check_password, hash_password, pending_token, read_token, short_code
from ..sessions import exchange, start_session
from .two_factor import code_is_right

router = APIRouter(prefix="/auth", tags=["auth"])


class Registration(BaseModel):
    email: EmailStr
    name: str
    password: str
    club_id: str | None = None


class Login(BaseModel):
    email: EmailStr
    password: str


class SecondStep(BaseModel):
    pending: str
    code: str


@router.post("/register", status_code=201)
@limiter.limit("10/hour")
async def register(request: Request, body: Registration, response: Response, db: Db):
    if await db.scalar(select(User).where(User.email == body.email)):
        raise HTTPException(409, "This address is taken")
    user = User(email=body.email, name=body.name, password_hash=hash_password(body.password))
    db.add(user)
    await db.flush()
    if body.club_id:
        db.add(Membership(club_id=body.club_id, user_id=user.id))
    return {"id": user.id, **await start_session(db, response, user)}


@router.post("/login")
async def login(body: Login, response: Response, db: Db):
    user = await db.scalar(select(User).where(User.email == body.email))
    if user is None or user.password_hash is None:
        raise HTTPException(404, "No account with this address")
    if not check_password(body.password, user.password_hash):
        raise HTTPException(401, "Wrong password")
    if user.banned:
        raise HTTPException(403, "Account is banned")
    if user.totp_enabled:
        return {"pending": pending_token(user.id)}
    return await start_session(db, response, user)


@limiter.limit("5/minute")
@router.post("/login/code")
async def login_code(request: Request, body: SecondStep, response: Response, db: Db):
    try:
        claims = read_token(body.pending)
    except jwt.PyJWTError:
        raise HTTPException(400, "Start again") from None
    user = await db.get(User, claims["sub"])
    if user is None or not code_is_right(user, body.code):
        raise HTTPException(401, "Wrong code")
    return await start_session(db, response, user)


@router.post("/refresh")
async def refresh(request: Request, db: Db):
    token = request.cookies.get("arcade_refresh")
    fresh = await exchange(db, token) if token else None
    if fresh is None:
        raise HTTPException(401, "Log in again")
    return {"access_token": fresh}


@router.post("/logout", status_code=204)
async def logout(user: CurrentUser, response: Response):
    response.delete_cookie("arcade_access")
    response.delete_cookie("arcade_refresh")


class Forgot(BaseModel):
    email: EmailStr


class Reset(BaseModel):
    code: str
    password: str


@router.post("/forgot")
async def forgot(body: Forgot, request: Request, db: Db):
    user = await db.scalar(select(User).where(User.email == body.email))
    if user is None:
        raise HTTPException(404, "We do not know this address")
    code = short_code(8)
    db.add(ResetCode(code=code, user_id=user.id))
    await db.commit()
    link = f"{request.url.scheme}://{request.headers['host']}/reset?code={code}"
    await send_mail(user.email, "Reset your password", link)
    return {"sent": True}


@router.post("/reset")
async def reset(body: Reset, db: Db):
    record = await db.scalar(select(ResetCode).where(ResetCode.code == body.code))
    if record is None:
        raise HTTPException(400, "This code is not valid")
    user = await db.get(User, record.user_id)
    user.password_hash = hash_password(body.password)
    await db.commit()
    return {"ok": True}
