"""Security(), the ready-made schemes with and without auto_error, scopes, and a scheme that nobody asks."""

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer, OAuth2PasswordBearer, SecurityScopes

app = FastAPI()
oauth2 = OAuth2PasswordBearer(tokenUrl="token", scopes={"read": "read", "write": "write"})
optional_oauth2 = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)
bearer = HTTPBearer()
api_key = APIKeyHeader(name="X-API-Key")
unused = HTTPBearer()


async def current_user(scopes: SecurityScopes, token: Annotated[str, Depends(oauth2)]) -> dict:
    if token != "good":
        raise HTTPException(401, "bad token")
    return {"id": 7, "scopes": scopes.scopes}


def maybe_user(token: Annotated[str | None, Depends(optional_oauth2)]) -> dict | None:
    return {"id": 7} if token == "good" else None


def check_bearer(given: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
    if given.credentials != "good":
        raise HTTPException(403)
    return given.credentials


def check_key(key: Annotated[str, Security(api_key)]) -> None:
    if key != "good":
        raise HTTPException(401)


@app.get("/scoped")
async def scoped(user: Annotated[dict, Security(current_user, scopes=["read"])]):
    return user


@app.get("/optional")
async def optional(user: Annotated[dict | None, Depends(maybe_user)]):
    return user


@app.get("/present", dependencies=[Depends(bearer)])
async def present():
    return {}


@app.get("/bearer")
async def bearer_route(token: str = Depends(check_bearer)):
    return {}


@app.get("/keyed", dependencies=[Security(check_key)])
def keyed():
    return {}


@app.get("/open")
def open_route(request: Request):
    return {"path": request.url.path}
