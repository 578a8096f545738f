from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from .guards import require_account
from .store import Account, Note, session

router = APIRouter()


class Text(BaseModel):
    text: str


@router.get("")
def listed(account: Account = Depends(require_account), db: Session = Depends(session)):
    notes = db.scalars(select(Note).where(Note.owner_id == account.id)).all()
    return [{"id": note.id, "text": note.text} for note in notes]


@router.post("", status_code=201)
def create(body: Text, account: Account = Depends(require_account), db: Session = Depends(session)):
    note = Note(owner_id=account.id, text=body.text)
    db.add(note)
    db.commit()
    return {"id": note.id}


@router.get("/{id}")
def read(id: int, account: Account = Depends(require_account), db: Session = Depends(session)):
    note = db.get(Note, id)
    if note is None or note.owner_id != account.id:
        raise HTTPException(404, "no such note")
    return {"id": note.id, "text": note.text}


@router.patch("/{id}", dependencies=[Depends(require_account)])
def change(id: int, body: Text, db: Session = Depends(session)):
    db.execute(update(Note).where(Note.id == id).values(text=body.text))
    db.commit()
    return {"status": "changed"}


@router.delete("/{id}", status_code=204)
def remove(id: int, db: Session = Depends(session)):
    db.execute(delete(Note).where(Note.id == id))
    db.commit()
