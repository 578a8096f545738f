from fastapi import Depends, Header, HTTPException
from slowapi import Limiter
from slowapi.util import get_remote_address
from sqlalchemy.orm import Session

from .store import Account, session
from .tokens import account_of

limiter = Limiter(key_func=get_remote_address)


def require_account(authorization: str | None = Header(None), db: Session = Depends(session)) -> Account:
    account = account_of(authorization, db)
    if account is None:
        raise HTTPException(401, "log in first")
    return account


def require_admin(account: Account = Depends(require_account)) -> Account:
    if account.role != "admin":
        raise HTTPException(403, "administrators only")
    return account
