from fastapi import APIRouter, Depends
from sqlalchemy import delete

from ..deps import Db, require_moderator
from ..models import Chat

router = APIRouter(prefix="/moderation", tags=["moderation"], dependencies=[Depends(require_moderator)])


@router.delete("/chats/{chat_id}", status_code=204)
async def remove_chat(chat_id: str, db: Db):
    await db.execute(delete(Chat).where(Chat.id == chat_id))
    await db.commit()
