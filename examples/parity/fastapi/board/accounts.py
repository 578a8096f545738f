import bcrypt
from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from .guards import limiter
from .store import Account, session
from .tokens import issue_token

router = APIRouter()

# Compared with where there is no account, so that both answers take the same time.
NOBODY = bcrypt.hashpw(b"nobody has this password", bcrypt.gensalt(12))


class Credentials(BaseModel):
    email: str
    password: str


@router.post("/register", status_code=202)
def register(body: Credentials, db: Session = Depends(session)):
    password_hash = bcrypt.hashpw(body.password.encode(), bcrypt.gensalt(12)).decode()
    if db.scalar(select(Account).where(Account.email == body.email)) is None:
        db.add(Account(email=body.email, password_hash=password_hash))
        db.commit()
    return {"status": "accepted"}


def log_in(body: Credentials, db: Session):
    account = db.scalar(select(Account).where(Account.email == body.email))
    known = account.password_hash.encode() if account else NOBODY
    matches = bcrypt.checkpw(body.password.encode(), known)
    if account is None or not matches:
        raise HTTPException(401, "wrong email or password")
    return {"token": issue_token(account)}


@router.post("/login")
@limiter.limit("5/minute")
def login(request: Request, body: Credentials, db: Session = Depends(session)):
    return log_in(body, db)


@router.post("/login/app")
def login_from_app(body: Credentials, db: Session = Depends(session)):
    return log_in(body, db)
