import importlib

from fastapi import APIRouter

admin_router = APIRouter()
catalogue = importlib.import_module("app.api.catalogue")
admin_router.include_router(catalogue.router, prefix="/inner")


@admin_router.post("/reindex")
def reindex():
    return {}
