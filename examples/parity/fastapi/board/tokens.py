import os
from datetime import UTC, datetime, timedelta

import jwt
from sqlalchemy.orm import Session

from .store import Account


def issue_token(account: Account) -> str:
    claims = {"sub": str(account.id), "exp": datetime.now(UTC) + timedelta(minutes=15)}
    return jwt.encode(claims, os.environ["TOKEN_SECRET"], algorithm="HS256")


def account_of(authorization: str | None, db: Session) -> Account | None:
    """Returns the account that the header proves, or nothing."""
    if not authorization or not authorization.startswith("Bearer "):
        return None
    try:
        claims = jwt.decode(authorization[7:], os.environ["TOKEN_SECRET"], algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return None
    return db.get(Account, int(claims["sub"]))
