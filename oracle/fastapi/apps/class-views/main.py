"""Class-based views with inheritance, and a mixin that brings the guard."""

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException


def require_user(authorization: str | None = Header(None)):
    if authorization != "Bearer good":
        raise HTTPException(401)


class View:
    path = "/"
    dependencies: list = []

    def __init__(self) -> None:
        self.router = APIRouter(prefix=self.path, dependencies=[Depends(each) for each in self.dependencies])
        for method in ("get", "post", "delete"):
            handler = getattr(self, method, None)
            if handler is not None:
                self.router.add_api_route("", handler, methods=[method.upper()])

    def mount(self, app: FastAPI) -> "View":
        app.include_router(self.router)
        return self


class Guarded(View):
    dependencies = [require_user]


class Menu(View):
    path = "/menu"

    def get(self):
        return []


class Bookings(Guarded):
    path = "/bookings"

    def get(self):
        return []

    def post(self):
        return {}


class Tables(Bookings):
    path = "/tables"
    dependencies = [*Bookings.dependencies]

    def delete(self):
        return {}


class OpenTables(Tables):
    path = "/open-tables"
    dependencies = []


app = FastAPI()
for view in (Menu, Bookings, Tables, OpenTables):
    view().mount(app)
