import datetime as dt

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, EmailStr
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..deps import CurrentUser, Db, club_owner
from ..limits import limiter
from ..mail import send_mail
from ..models import Club, Invite, Membership, now
from ..security import digest, new_token


class InviteIn(BaseModel):
    email: EmailStr


async def find(db: AsyncSession, code: str) -> Invite:
    invite = await db.scalar(select(Invite).where(Invite.code_hash == digest(code)))
    if invite is None or invite.used or invite.expires_at < now():
        raise HTTPException(404, "This invitation is not valid")
    return invite


def build_router() -> APIRouter:
    router = APIRouter(tags=["invites"])

    async def invite_person(club_id: str, body: InviteIn, db: Db):
        code = new_token()
        expires = now() + dt.timedelta(days=7)
        invite = Invite(code_hash=digest(code), club_id=club_id, email=body.email, expires_at=expires)
        db.add(invite)
        await db.commit()
        await send_mail(body.email, "Join our club", f"Your code is {code}")
        return {"id": invite.id}

    @limiter.limit("20/minute")
    async def preview(request: Request, code: str, db: Db):
        invite = await find(db, code)
        club = await db.get(Club, invite.club_id)
        return {"club": club.name}

    @limiter.limit("20/minute")
    async def accept(request: Request, code: str, user: CurrentUser, db: Db):
        invite = await find(db, code)
        if invite.email != user.email:
            raise HTTPException(403, "This invitation is for somebody else")
        taken = await db.execute(
            update(Invite).where(Invite.id == invite.id, Invite.used.is_(False)).values(used=True)
        )
        if taken.rowcount != 1:
            raise HTTPException(409, "This invitation has been used")
        db.add(Membership(club_id=invite.club_id, user_id=user.id, role=invite.role))
        await db.commit()
        return {"club_id": invite.club_id}

    router.add_api_route(
        "/clubs/{club_id}/invites", invite_person, methods=["POST"], status_code=201, dependencies=[Depends(club_owner)]
    )
    router.add_api_route("/invites/{code}", preview, methods=["GET"])
    router.add_api_route("/invites/{code}/accept", accept, methods=["POST"])
    return router
