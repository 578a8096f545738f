from urllib.parse import urlencode

import httpx
from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from sqlalchemy import or_, select

from ..config import settings
from ..deps import Db
from ..models import User
from ..sessions import start_session

router = APIRouter(prefix="/oauth/github", tags=["oauth"])


async def github_profile(code: str) -> dict:
    async with httpx.AsyncClient() as client:
        exchange = await client.post(
            "https://github.com/login/oauth/access_token",
            headers={"accept": "application/json"},
            data={
                "client_id": settings.github_client_id,
                "client_secret": settings.github_client_secret,
                "code": code,
            },
        )
        token = exchange.json()["access_token"]
        profile = await client.get("https://api.github.com/user", headers={"authorization": f"Bearer {token}"})
        return profile.json()


@router.get("")
async def begin():
    query = urlencode({"client_id": settings.github_client_id, "scope": "user:email"})
    return RedirectResponse(f"https://github.com/login/oauth/authorize?{query}")


@router.get("/callback")
async def callback(db: Db, code: str = "", next_url: str = settings.web_url):
    profile = await github_profile(code)
    github_id, email = str(profile["id"]), profile["email"]
    user = await db.scalar(select(User).where(or_(User.github_id == github_id, User.email == email)))
    if user is None:
        user = User(email=email, name=profile["login"])
        db.add(user)
    user.github_id = github_id
    await db.flush()
    response = RedirectResponse(next_url)
    session = await start_session(db, response, user)
    response.headers["location"] = f"{next_url}?token={session['access_token']}"
    return response
