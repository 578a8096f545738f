"""Dependencies of the application, of an inclusion, of a router, of a route and of parameters run in this order."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel


async def request_id(x_request_id: Annotated[str | None, Header()] = None) -> str:
    return x_request_id or "none"


def current_user(authorization: Annotated[str | None, Header()] = None) -> dict:
    if authorization != "Bearer good":
        raise HTTPException(401, "sign in first")
    return {"id": 7, "role": "admin"}


def require_admin(user: Annotated[dict, Depends(current_user)]) -> dict:
    if user["role"] != "admin":
        raise HTTPException(403, "not for you")
    return user


def tenant() -> str:
    return "main"


def audit() -> None:
    pass


class Note(BaseModel):
    text: str
    stars: int


notes: dict[int, Note] = {}
router = APIRouter(prefix="/notes", dependencies=[Depends(audit)])


@router.get("/")
def list_notes() -> list[Note]:
    return list(notes.values())


@router.post("/", status_code=201)
async def add_note(note: Note, user: Annotated[dict, Depends(current_user)]) -> Note:
    notes[len(notes) + 1] = note
    return note


@router.delete("/{note_id}", dependencies=[Depends(require_admin)])
def remove_note(note_id: int, where: Annotated[str, Depends(tenant)]) -> dict:
    notes.pop(note_id, None)
    return {"ok": True}


app = FastAPI(dependencies=[Depends(request_id)])
app.include_router(router, prefix="/api", dependencies=[Depends(tenant)])


@app.get("/health")
def health() -> dict:
    return {"ok": True}
