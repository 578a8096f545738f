"""A package with relative imports, re-exports in __init__ and a registry of routers."""

from fastapi import Depends, FastAPI

from .api import api_router, routers
from .security import require_user

app = FastAPI(title="shop")
app.include_router(api_router, prefix="/api")
for name, router in routers.items():
    app.include_router(router, prefix=f"/{name}", dependencies=[Depends(require_user)] if name != "public" else None)
