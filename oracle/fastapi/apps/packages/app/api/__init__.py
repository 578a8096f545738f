from fastapi import APIRouter

from . import carts, catalogue
from .extra import admin_router

api_router = APIRouter()
api_router.include_router(carts.router, prefix="/carts", tags=["carts"])
api_router.include_router(catalogue.router)

routers = {"admin": admin_router, "public": catalogue.router}
