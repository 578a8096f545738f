import datetime as dt
import hashlib
import hmac
import secrets

import bcrypt
import jwt

from .config import settings

ISSUER = "arcade"


def hash_password(plain: str) -> str:
    return bcrypt.hashpw(plain.encode(), bcrypt.gensalt(10)).decode()


# Compared with when there is no account, so that an answer takes as long either way.
NOBODY = hash_password("nobody has this password")


def check_password(plain: str, hashed: str | None) -> bool:
    same = bcrypt.checkpw(plain.encode(), (hashed or NOBODY).encode())
    return same and hashed is not None


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def new_token() -> str:
    return secrets.token_urlsafe(32)


def signature(key: str, body: bytes) -> str:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def _encode(claims: dict, purpose: str, key: str, life: dt.timedelta) -> str:
    expires = dt.datetime.now(dt.UTC) + life
    return jwt.encode({**claims, "iss": ISSUER, "aud": purpose, "exp": expires}, key, algorithm="HS256")


def _decode(token: str, purpose: str, key: str) -> dict:
    options = {"require": ["exp", "aud", "iss"]}
    return jwt.decode(token, key, algorithms=["HS256"], audience=purpose, issuer=ISSUER, options=options)


def access_token(user_id: str, session_id: str) -> str:
    return _encode({"sub": user_id, "sid": session_id}, "access", settings.jwt_secret, dt.timedelta(minutes=15))


def read_access_token(token: str) -> dict:
    return _decode(token, "access", settings.jwt_secret)


def pending_token(user_id: str) -> str:
    """Handed out after the password step when the account has two-factor on."""
    return _encode({"sub": user_id}, "pending", settings.jwt_secret, dt.timedelta(minutes=5))


def read_pending_token(token: str) -> dict:
    return _decode(token, "pending", settings.jwt_secret)


def share_token(score_id: str) -> str:
    return _encode({"score": score_id}, "share", settings.share_secret, dt.timedelta(days=7))


def read_share_token(token: str) -> str:
    return _decode(token, "share", settings.share_secret)["score"]
