import os
from typing import Annotated

import jwt
from fastapi import Depends, Header, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .db import get_db
from .models import Club, Membership, User
from .security import read_token

bearer = HTTPBearer(auto_error=False)
Db = Annotated[AsyncSession, Depends(get_db)]


async def current_user(
    request: Request,
    db: Db,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> User:
    token = credentials.credentials if credentials else request.cookies.get("arcade_access")
    if not token:
        raise HTTPException(401, "Log in first")
    try:
        claims = read_token(token)
    except jwt.PyJWTError:
        raise HTTPException(401, "Session is not valid") from None
    user = await db.get(User, claims["sub"])
    if user is None:
        raise HTTPException(401, "Session is not valid")
    return user


CurrentUser = Annotated[User, Depends(current_user)]


async def maybe_user(db: Db, authorization: Annotated[str | None, Header()] = None) -> User | None:
    """Guests may submit scores too."""
    if not authorization:
        return None
    token = authorization.removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    return await db.get(User, claims.get("sub"))


def require_role(*roles: str):
    async def check(user: CurrentUser) -> User:
        if user.role not in roles:
            raise HTTPException(403, "Not allowed")
        return user

    return check


class ClubRole:
    """A dependency that lets members with one of the given roles of the club in the path pass."""

    def __init__(self, *roles: str):
        self.roles = roles

    async def __call__(self, club_id: str, user: CurrentUser, db: Db) -> Membership:
        query = select(Membership).where(Membership.club_id == club_id, Membership.user_id == user.id)
        found = await db.scalar(query)
        if found is None or found.role not in self.roles:
            raise HTTPException(403, "Not your club")
        return found


club_member = ClubRole("member", "owner")
club_owner = ClubRole("owner")


async def club_by_id(club_id: str, db: Db) -> Club:
    club = await db.get(Club, club_id)
    if club is None:
        raise HTTPException(404, "No such club")
    return club


async def verify_api_key(x_api_key: Annotated[str | None, Header()] = None) -> None:
    """For the nightly job."""
    expected = os.environ.get("JOB_KEY")
    if expected and x_api_key != expected:
        raise HTTPException(401, "Wrong key")


async def require_moderator(user: CurrentUser) -> User:
    """Moderators and admins."""
    if user.role not in {"moderator", "admin"}:
        raise HTTPException(403, "Moderators only")
    return user
