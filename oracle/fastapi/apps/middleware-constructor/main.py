"""Middleware given to the constructor of a Starlette application, to a mount and to an inner application."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route, Router


class RequireKey:
    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            request = Request(scope)
            if request.headers.get("x-api-key") != "good":
                await JSONResponse({"error": "key"}, status_code=401)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class Pass:
    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


async def home(request: Request):
    return PlainTextResponse("home")


async def jobs(request: Request):
    return JSONResponse([])


async def purge(request: Request):
    return JSONResponse({})


inner = Starlette(routes=[Route("/list", jobs)], middleware=[Middleware(RequireKey)])
app = Starlette(
    middleware=[Middleware(Pass)],
    routes=[
        Route("/", home),
        Mount("/admin", routes=[Route("/purge/{name}", purge, methods=["POST"])], middleware=[Middleware(RequireKey)]),
        Mount("/jobs", app=inner),
        Mount("/raw", app=Router(routes=[Route("/list", jobs)])),
    ],
)
