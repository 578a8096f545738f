"""api_route, add_api_route, tables of routes, websocket and plain Starlette routes, and shadowed ones."""

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse


def require_user(authorization: str | None = Header(None)):
    if authorization != "Bearer good":
        raise HTTPException(401)


app = FastAPI()
router = APIRouter()


@router.api_route("/both", methods=["GET", "POST"], dependencies=[Depends(require_user)])
def both():
    return {}


def ping():
    return "pong"


def reset():
    return {}


async def plain(request: Request):
    return JSONResponse({})


class Endpoint(HTTPEndpoint):
    async def get(self, request: Request):
        return JSONResponse({})

    async def delete(self, request: Request):
        return JSONResponse({})


TABLE = [("/ping", ping, "GET", False), ("/reset", reset, "POST", True)]
for path, endpoint, method, guarded in TABLE:
    app.add_api_route(path, endpoint, methods=[method], dependencies=[Depends(require_user)] if guarded else [])

app.add_route("/plain", plain, methods=["GET"])
app.add_route("/endpoint", Endpoint)
app.include_router(router)


@app.get("/items/{item_id}")
def item(item_id: str):
    return item_id


@app.get("/items/special")
def special(user=Depends(require_user)):
    return {}


@app.get("/hidden", include_in_schema=False)
def hidden():
    return {}
