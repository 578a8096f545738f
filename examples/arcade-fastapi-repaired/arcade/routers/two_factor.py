import time

import pyotp
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from ..deps import CurrentUser, Db
from ..limits import limiter
from ..models import User
from ..sessions import revoke_all, start_session

router = APIRouter(prefix="/2fa", tags=["two-factor"])


class Code(BaseModel):
    code: str


async def take_code(db: AsyncSession, user: User, code: str) -> bool:
    """Accepts each time step once."""
    if not user.totp_secret:
        return False
    totp = pyotp.TOTP(user.totp_secret)
    current = int(time.time()) // 30
    for step in (current, current - 1):
        if totp.verify(code, for_time=step * 30):
            fresh = (User.id == user.id, User.totp_last_step < step)
            taken = await db.execute(update(User).where(*fresh).values(totp_last_step=step))
            await db.commit()
            return taken.rowcount == 1
    return False


@router.get("")
async def status(user: CurrentUser):
    return {"enabled": user.totp_enabled}


@router.post("/setup")
async def setup(user: CurrentUser, db: Db):
    if user.totp_enabled:
        raise HTTPException(409, "Switch it off first")
    user.totp_secret = pyotp.random_base32()
    await db.commit()
    return {"secret": user.totp_secret}


@router.post("/enable")
@limiter.limit("5/minute")
async def enable(request: Request, response: Response, body: Code, user: CurrentUser, db: Db):
    if not await take_code(db, user, body.code):
        raise HTTPException(400, "Wrong code")
    user.totp_enabled = True
    await db.commit()
    await revoke_all(db, user.id)
    return await start_session(db, response, user)


@router.post("/disable", status_code=204)
@limiter.limit("5/minute")
async def disable(request: Request, body: Code, user: CurrentUser, db: Db):
    if not await take_code(db, user, body.code):
        raise HTTPException(403, "Wrong code")
    user.totp_enabled = False
    user.totp_secret = None
    await db.commit()
