import pyotp
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from ..deps import CurrentUser, Db
from ..models import User

router = APIRouter(prefix="/2fa", tags=["two-factor"])


class Code(BaseModel):
    code: str


def code_is_right(user: User, code: str) -> bool:
    return bool(user.totp_secret) and pyotp.TOTP(user.totp_secret).verify(code, valid_window=1)


@router.get("")
async def status(user: CurrentUser):
    return {"enabled": user.totp_enabled, "secret": user.totp_secret}


@router.post("/setup")
async def setup(user: CurrentUser, db: Db):
    user.totp_secret = pyotp.random_base32()
    await db.commit()
    return {"secret": user.totp_secret}


@router.post("/enable", status_code=204)
async def enable(body: Code, user: CurrentUser, db: Db):
    if not code_is_right(user, body.code):
        raise HTTPException(400, "Wrong code")
    user.totp_enabled = True
    await db.commit()


@router.post("/disable", status_code=204)
async def disable(user: CurrentUser, db: Db):
    user.totp_enabled = False
    user.totp_secret = None
    await db.commit()
