"""Prefixes from constants, enums and f-strings; bodies and parameters that must be valid before anything can be learned."""

from enum import Enum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, FastAPI, Header, HTTPException, Path, Query
from pydantic import BaseModel, Field

from settings import API, Area


def require_user(authorization: str | None = Header(None)):
    if authorization != "Bearer good":
        raise HTTPException(401)


class Size(str, Enum):
    small = "small"
    large = "large"


class Line(BaseModel):
    sku: str = Field(min_length=3)
    count: int = Field(gt=0)


class Order(BaseModel):
    lines: list[Line] = Field(min_length=1)
    size: Size
    note: str | None = None


app = FastAPI()
router = APIRouter(prefix=f"{API}/{Area.ORDERS.value}", dependencies=[Depends(require_user)])
open_router = APIRouter(prefix=API + "/open")


@router.post("")
def place(order: Order, page: Annotated[int, Query(ge=1)]):
    return order


@router.get("/{order_id}")
def read(order_id: UUID):
    return order_id


@open_router.post("/by-size/{size}")
def by_size(size: Size, amount: Annotated[float, Body(embed=True, gt=0)]):
    return size


@open_router.get("/level/{level}")
def level(level: Annotated[int, Path(ge=5)]):
    return level


app.include_router(router)
app.include_router(open_router)
