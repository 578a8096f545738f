from fastapi import APIRouter, Depends

from ..security import require_user

router = APIRouter(dependencies=[Depends(require_user)])


@router.get("/{cart_id}")
async def read_cart(cart_id: int):
    return {"id": cart_id}


@router.put("/{cart_id}/items/{sku:path}")
async def put_item(cart_id: int, sku: str):
    return {"sku": sku}
