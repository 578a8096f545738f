from fastapi import APIRouter

router = APIRouter(prefix="/catalogue")


@router.get("/")
async def catalogue():
    return []
