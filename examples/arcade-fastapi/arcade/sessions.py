import datetime as dt
import secrets

from fastapi import Response
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .config import settings
from .models import RefreshToken, User, now
from .security import access_token, digest


async def start_session(db: AsyncSession, response: Response, user: User) -> dict:
    refresh = secrets.token_urlsafe(32)
    expires = now() + dt.timedelta(days=settings.refresh_days)
    db.add(RefreshToken(token_hash=digest(refresh), user_id=user.id, expires_at=expires))
    await db.commit()
    token = access_token(user.id, user.role)
    response.set_cookie("arcade_refresh", refresh, max_age=settings.refresh_days * 86400)
    response.set_cookie("arcade_access", token, httponly=True, samesite="none")
    return {"access_token": token}


async def exchange(db: AsyncSession, refresh: str) -> str | None:
    record = await db.scalar(select(RefreshToken).where(RefreshToken.token_hash == digest(refresh)))
    if record is None or record.revoked or record.expires_at < now():
        return None
    user = await db.get(User, record.user_id)
    return access_token(user.id, user.role) if user else None


async def revoke_all(db: AsyncSession, user_id: str) -> None:
    await db.execute(update(RefreshToken).where(RefreshToken.user_id == user_id).values(revoked=True))
    await db.commit()
