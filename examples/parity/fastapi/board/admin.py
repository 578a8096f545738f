from fastapi import APIRouter, Depends
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from .guards import require_account, require_admin
from .store import Account, session

router = APIRouter(dependencies=[Depends(require_account)])


@router.get("/accounts", dependencies=[Depends(require_admin)])
def listed(db: Session = Depends(session)):
    accounts = db.scalars(select(Account)).all()
    return [{"id": account.id, "email": account.email, "role": account.role} for account in accounts]


@router.delete("/accounts/{id}", status_code=204)
def remove(id: int, db: Session = Depends(session)):
    db.execute(delete(Account).where(Account.id == id))
    db.commit()
