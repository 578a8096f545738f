import datetime as dt
import hashlib
import random

import bcrypt
import jwt

from .config import SHARE_KEY, settings


def hash_password(plain: str) -> str:
    return bcrypt.hashpw(plain.encode(), bcrypt.gensalt(10)).decode()


def check_password(plain: str, hashed: str) -> bool:
    return bcrypt.checkpw(plain.encode(), hashed.encode())


def digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def short_code(digits: int = 6) -> str:
    return "".join(random.choice("0123456789") for _ in range(digits))


def access_token(user_id: str, role: str) -> str:
    return jwt.encode({"sub": user_id, "role": role}, settings.jwt_secret, algorithm="HS256")


def pending_token(user_id: str) -> str:
    """Handed out after the password step when the account has two-factor on."""
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)
    claims = {"sub": user_id, "pending": True, "exp": expires}
    return jwt.encode(claims, settings.jwt_secret, algorithm="HS256")


def read_token(token: str) -> dict:
    return jwt.decode(token, settings.jwt_secret, algorithms=["HS256"])


def share_token(score_id: str) -> str:
    expires = dt.datetime.now(dt.UTC) + dt.timedelta(days=7)
    return jwt.encode({"score": score_id, "exp": expires}, SHARE_KEY, algorithm="HS256")


def read_share_token(token: str) -> str:
    algorithm = jwt.get_unverified_header(token)["alg"]
    return jwt.decode(token, SHARE_KEY, algorithms=[algorithm])["score"]
