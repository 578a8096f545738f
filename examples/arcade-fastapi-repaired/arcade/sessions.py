import datetime as dt
from collections import defaultdict

import jwt
from fastapi import Response, WebSocket
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from .config import settings
from .models import OneTimeToken, RefreshToken, Session, User, now
from .security import access_token, digest, new_token, read_access_token

live: dict[str, set[WebSocket]] = defaultdict(set)


async def _issue(db: AsyncSession, response: Response, session: Session) -> dict:
    refresh = new_token()
    expires = now() + dt.timedelta(days=settings.refresh_days)
    db.add(RefreshToken(token_hash=digest(refresh), session_id=session.id, expires_at=expires))
    await db.commit()
    token = access_token(session.user_id, session.id)
    response.set_cookie(
        "arcade_refresh",
        refresh,
        max_age=settings.refresh_days * 86400,
        path="/api/auth",
        httponly=True,
        secure=True,
        samesite="strict",
    )
    response.set_cookie("arcade_access", token, max_age=900, httponly=True, secure=True, samesite="strict")
    return {"access_token": token}


async def start_session(db: AsyncSession, response: Response, user: User) -> dict:
    session = Session(user_id=user.id)
    db.add(session)
    await db.flush()
    return await _issue(db, response, session)


async def exchange(db: AsyncSession, response: Response, refresh: str) -> dict | None:
    """Exchanges a refresh token once. A second use means that it was stolen, and ends the session."""
    record = await db.scalar(select(RefreshToken).where(RefreshToken.token_hash == digest(refresh)))
    if record is None or record.expires_at < now():
        return None
    session = await db.get(Session, record.session_id)
    user = await db.get(User, session.user_id) if session else None
    if session is None or session.revoked or user is None or user.banned:
        return None
    used = await db.execute(
        update(RefreshToken).where(RefreshToken.id == record.id, RefreshToken.used.is_(False)).values(used=True)
    )
    if used.rowcount != 1:
        await revoke(db, session.id)
        return None
    return await _issue(db, response, session)


async def user_of(db: AsyncSession, token: str) -> User | None:
    """Who an access token stands for now; nobody when the session has ended or the account is banned."""
    found = await session_of(db, token)
    return found[1] if found else None


async def session_of(db: AsyncSession, token: str) -> tuple[Session, User] | None:
    try:
        claims = read_access_token(token)
    except jwt.PyJWTError:
        return None
    session = await db.get(Session, claims["sid"])
    user = await db.get(User, claims["sub"])
    if session is None or session.revoked or user is None or user.banned:
        return None
    return session, user


async def _disconnect(user_id: str) -> None:
    for socket in list(live[user_id]):
        await socket.close(4401)
    live[user_id].clear()


async def revoke(db: AsyncSession, session_id: str) -> None:
    await db.execute(update(Session).where(Session.id == session_id).values(revoked=True))
    await db.commit()
    session = await db.get(Session, session_id)
    if session:
        await _disconnect(session.user_id)


async def revoke_all(db: AsyncSession, user_id: str) -> None:
    await db.execute(update(Session).where(Session.user_id == user_id).values(revoked=True))
    await db.commit()
    await _disconnect(user_id)


async def one_time_token(db: AsyncSession, user_id: str, purpose: str, minutes: int) -> str:
    token = new_token()
    expires = now() + dt.timedelta(minutes=minutes)
    db.add(OneTimeToken(token_hash=digest(token), purpose=purpose, user_id=user_id, expires_at=expires))
    await db.commit()
    return token


async def consume(db: AsyncSession, token: str, purpose: str) -> User | None:
    """Uses a token up and says whose it was."""
    mine = (OneTimeToken.token_hash == digest(token), OneTimeToken.purpose == purpose)
    used = await db.execute(
        update(OneTimeToken).where(*mine, OneTimeToken.used.is_(False), OneTimeToken.expires_at > now()).values(used=True)
    )
    if used.rowcount != 1:
        return None
    record = await db.scalar(select(OneTimeToken).where(*mine))
    return await db.get(User, record.user_id)
