from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel
from sqlalchemy import delete, select

from ..deps import CurrentUser, Db, club_by_id, club_member, club_owner
from ..models import Club, Membership, Trophy

router = APIRouter(prefix="/clubs", tags=["clubs"])
member = [Depends(club_member)]
owner = [Depends(club_owner)]

LoadedClub = Annotated[Club, Depends(club_by_id)]


class ClubIn(BaseModel):
    name: str


class Motto(BaseModel):
    motto: str


class TrophyIn(BaseModel):
    title: str


@router.post("", status_code=201)
async def create(body: ClubIn, user: CurrentUser, db: Db):
    club = Club(name=body.name, owner_id=user.id)
    db.add(club)
    await db.flush()
    db.add(Membership(club_id=club.id, user_id=user.id, role="owner"))
    await db.commit()
    return club


@router.get("/{club_id}", dependencies=member)
async def show(club: LoadedClub):
    return club


@router.patch("/{club_id}/motto", dependencies=owner)
async def set_motto(club: LoadedClub, body: Motto, db: Db):
    club.motto = body.motto
    await db.commit()
    return club


@router.delete("/{club_id}", status_code=204, dependencies=owner)
async def remove(club: LoadedClub, db: Db):
    await db.delete(club)
    await db.commit()


@router.get("/{club_id}/members", dependencies=member)
async def members(club_id: str, db: Db):
    return (await db.scalars(select(Membership).where(Membership.club_id == club_id))).all()


@router.delete("/{club_id}/members/{user_id}", status_code=204, dependencies=owner)
async def remove_member(club_id: str, user_id: str, db: Db):
    await db.execute(delete(Membership).where(Membership.club_id == club_id, Membership.user_id == user_id))
    await db.commit()


@router.get("/{club_id}/trophies", dependencies=member)
async def trophies(club_id: str, db: Db):
    return (await db.scalars(select(Trophy).where(Trophy.club_id == club_id))).all()


@router.get("/{club_id}/trophies/latest", dependencies=member)
async def latest_trophies(club_id: str, db: Db):
    return (await db.scalars(select(Trophy).where(Trophy.club_id == club_id).limit(5))).all()


@router.post("/{club_id}/trophies", status_code=201, dependencies=owner)
async def add_trophy(club_id: str, body: TrophyIn, db: Db):
    trophy = Trophy(club_id=club_id, title=body.title)
    db.add(trophy)
    await db.commit()
    return trophy


@router.delete("/{club_id}/trophies/{trophy_id}", status_code=204, dependencies=owner)
async def remove_trophy(club_id: str, trophy_id: str, db: Db):
    trophy = await db.scalar(select(Trophy).where(Trophy.id == trophy_id, Trophy.club_id == club_id))
    if trophy is None:
        raise HTTPException(404, "No such trophy")
    await db.delete(trophy)
    await db.commit()
