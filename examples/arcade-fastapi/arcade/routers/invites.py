from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, EmailStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..deps import CurrentUser, Db, club_owner
from ..mail import send_mail
from ..models import Club, Invite, Membership
from ..security import short_code


class InviteIn(BaseModel):
    email: EmailStr


class Accept(BaseModel):
    role: str | None = None


async def find(db: AsyncSession, code: str) -> Invite:
    invite = await db.scalar(select(Invite).where(Invite.code == code))
    if invite is None:
        raise HTTPException(404, "This invitation is not valid")
    return invite


def build_router() -> APIRouter:
    router = APIRouter(tags=["invites"])

    async def invite_person(club_id: str, body: InviteIn, db: Db):
        invite = Invite(code=short_code(), club_id=club_id, email=body.email)
        db.add(invite)
        await db.commit()
        await send_mail(body.email, "Join our club", f"Your code is {invite.code}")
        return {"id": invite.id}

    async def preview(code: str, db: Db):
        invite = await find(db, code)
        club = await db.get(Club, invite.club_id)
        return {"club": club.name}

    async def accept(code: str, body: Accept, user: CurrentUser, db: Db):
        invite = await find(db, code)
        db.add(Membership(club_id=invite.club_id, user_id=user.id, role=body.role or invite.role))
        await db.commit()
        return {"club_id": invite.club_id}

    router.add_api_route(
        "/clubs/{club_id}/invites", invite_person, methods=["POST"], status_code=201, dependencies=[Depends(club_owner)]
    )
    router.add_api_route("/invites/{code}", preview, methods=["GET"])
    router.add_api_route("/invites/{code}/accept", accept, methods=["POST"])
    return router
