import hmac
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from .config import settings
from .db import get_db
from .models import Club, Membership, Session, User
from .security import signature
from .sessions import session_of, user_of

bearer = HTTPBearer(auto_error=False)
Db = Annotated[AsyncSession, Depends(get_db)]


async def signed_in(
    request: Request,
    db: Db,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> tuple[Session, User]:
    token = credentials.credentials if credentials else request.cookies.get("arcade_access")
    if not token:
        raise HTTPException(401, "Log in first")
    found = await session_of(db, token)
    if found is None:
        raise HTTPException(401, "Session is not valid")
    return found


SignedIn = Annotated[tuple[Session, User], Depends(signed_in)]


async def current_user(found: SignedIn) -> User:
    return found[1]


async def current_session(found: SignedIn) -> Session:
    return found[0]


CurrentUser = Annotated[User, Depends(current_user)]


async def maybe_user(db: Db, authorization: Annotated[str | None, Header()] = None) -> User | None:
    """Guests may look too."""
    if not authorization:
        return None
    return await user_of(db, authorization.removeprefix("Bearer "))


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
    if x_api_key is None or not hmac.compare_digest(x_api_key, settings.job_key):
        raise HTTPException(401, "Wrong key")


class Signed:
    """A dependency that lets a request pass whose body was signed with a key that only the sender and we know."""

    def __init__(self, key: str):
        self.key = key

    async def __call__(self, request: Request, x_signature: Annotated[str | None, Header()] = None) -> None:
        expected = signature(self.key, await request.body())
        if x_signature is None or not hmac.compare_digest(x_signature, expected):
            raise HTTPException(401, "Signature is missing or wrong")


require_moderator = require_role("moderator", "admin")
