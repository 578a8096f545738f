from collections.abc import Callable

from fastapi import APIRouter, Depends


def make_router(kind: str, guard: Callable | None = None) -> APIRouter:
    router = APIRouter(prefix=f"/{kind}", dependencies=[Depends(guard)] if guard else [])

    @router.get("")
    def list_all():
        return []

    @router.delete("/{identity}")
    def remove(identity: int):
        return {"removed": identity}

    return router


class Crud:
    def __init__(self, kind: str, write: list) -> None:
        self.kind = kind
        self.router = APIRouter(prefix="/" + kind)
        self.router.add_api_route("/", self.list_all, methods=["GET"])
        self.router.add_api_route("/", self.create, methods=["POST", "PUT"], dependencies=write)

    def list_all(self):
        return [self.kind]

    def create(self):
        return {"kind": self.kind}
