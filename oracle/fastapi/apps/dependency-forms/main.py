"""Dependencies as functions, classes, instances, generators, methods, partials and aliases; cached and not cached."""

from functools import partial
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request


def read_token(request: Request) -> str:
    return request.headers.get("authorization", "")


class RequireRole:
    def __init__(self, role: str) -> None:
        self.role = role

    def __call__(self, token: Annotated[str, Depends(read_token)]) -> str:
        if token != "Bearer good":
            raise HTTPException(status_code=403)
        return self.role


class Pagination:
    def __init__(self, page: int = 1, size: int = 20) -> None:
        self.page, self.size = page, size


class Session:
    def __init__(self, token: Annotated[str, Depends(read_token)]) -> None:
        if token != "Bearer good":
            raise HTTPException(401)
        self.token = token


async def database():
    connection = {"open": True}
    try:
        yield connection
    finally:
        connection["open"] = False


def guard_by(expected: str, token: str = Depends(read_token)) -> None:
    if token != expected:
        raise HTTPException(401)


class Service:
    def check(self, token: Annotated[str, Depends(read_token)]) -> None:
        if token != "Bearer good":
            raise HTTPException(401)


service = Service()
admin_only = RequireRole("admin")
Database = Annotated[dict, Depends(database)]
CurrentSession = Annotated[Session, Depends()]

app = FastAPI()


@app.get("/role")
def by_instance(role: Annotated[str, Depends(admin_only)], db: Database):
    return role


@app.get("/pages")
def by_class(page: Annotated[Pagination, Depends()], db: Database):
    return page.size


@app.get("/session")
def by_annotation(session: CurrentSession):
    return {}


@app.get("/partial", dependencies=[Depends(partial(guard_by, "Bearer good"))])
def by_partial():
    return {}


@app.get("/method", dependencies=[Depends(service.check)])
def by_method():
    return {}


@app.get("/twice", dependencies=[Depends(read_token), Depends(admin_only)])
def not_cached(cached: Annotated[str, Depends(read_token)], again: Annotated[str, Depends(read_token, use_cache=False)]):
    return {}


@app.get("/lambda", dependencies=[Depends(lambda: None)])
def by_lambda():
    return {}
