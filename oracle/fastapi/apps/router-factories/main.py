"""Routers made by functions and classes, included under several prefixes, one of them twice."""

from fastapi import Depends, FastAPI

from factories import Crud, make_router
from guards import require_user

app = FastAPI()
cats = make_router("cats")
app.include_router(cats)
app.include_router(cats, prefix="/private", dependencies=[Depends(require_user)])
app.include_router(make_router("dogs", guard=require_user), prefix="/v1")
app.include_router(Crud("birds", [Depends(require_user)]).router)
for version in (2, 3):
    app.include_router(make_router("fish"), prefix=f"/v{version}")
