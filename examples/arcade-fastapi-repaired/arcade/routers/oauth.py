import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlencode

import httpx
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from ..config import settings
from ..deps import Db
from ..models import User
from ..security import pending_token
from ..sessions import start_session

router = APIRouter(prefix="/oauth/github", tags=["oauth"])


async def github_profile(code: str, verifier: str) -> dict:
    async with httpx.AsyncClient() as client:
        exchange = await client.post(
            "https://github.com/login/oauth/access_token",
            headers={"accept": "application/json"},
            data={
                "client_id": settings.github_client_id,
                "client_secret": settings.github_client_secret,
                "code": code,
                "code_verifier": verifier,
            },
        )
        token = exchange.json()["access_token"]
        profile = await client.get("https://api.github.com/user", headers={"authorization": f"Bearer {token}"})
        return profile.json()


@router.get("")
async def begin():
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = urlencode(
        {
            "client_id": settings.github_client_id,
            "redirect_uri": f"{settings.public_url}/api/oauth/github/callback",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    response = RedirectResponse(f"https://github.com/login/oauth/authorize?{query}")
    flags = {"max_age": 600, "path": "/api/oauth", "httponly": True, "secure": True, "samesite": "lax"}
    response.set_cookie("arcade_oauth", f"{state}.{verifier}", **flags)
    return response


@router.get("/callback")
async def callback(request: Request, db: Db, code: str = "", state: str = ""):
    expected, _, verifier = request.cookies.get("arcade_oauth", "").partition(".")
    if not expected or not hmac.compare_digest(expected.encode(), state.encode()):
        raise HTTPException(400, "This log-in was not started here")
    profile = await github_profile(code, verifier)
    github_id = str(profile["id"])
    # Accounts are found by the provider's id only, never by an address.
    user = await db.scalar(select(User).where(User.github_id == github_id))
    if user is None:
        user = User(email=f"{github_id}@github.invalid", name=profile["login"], github_id=github_id)
        db.add(user)
        await db.flush()
    if user.banned:
        raise HTTPException(403, "Account is banned")
    if user.totp_enabled:
        response = RedirectResponse(f"{settings.web_url}/login/code")
        flags = {"max_age": 300, "path": "/api/auth", "httponly": True, "secure": True, "samesite": "strict"}
        response.set_cookie("arcade_pending", pending_token(user.id), **flags)
    else:
        response = RedirectResponse(settings.web_url)
        await start_session(db, response, user)
    response.delete_cookie("arcade_oauth", path="/api/oauth")
    return response
