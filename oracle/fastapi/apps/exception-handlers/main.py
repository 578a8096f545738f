"""Own exceptions become 401 through handlers; one handler turns a refusal into 200."""

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse


class NotSignedIn(Exception):
    pass


class Anonymous(Exception):
    pass


class Elsewhere(Exception):
    pass


app = FastAPI()


@app.exception_handler(NotSignedIn)
async def answer_401(request: Request, error: NotSignedIn):
    return JSONResponse({"error": "sign in"}, status_code=401)


@app.exception_handler(Anonymous)
async def answer_200(request: Request, error: Anonymous):
    return JSONResponse({"items": []}, status_code=200)


async def to_login(request: Request, error: Exception):
    return RedirectResponse("/login", status_code=303)


app.add_exception_handler(Elsewhere, to_login)


def raising(error: type[Exception]):
    def check(request: Request):
        if request.headers.get("authorization") != "Bearer good":
            raise error()

    return check


@app.get("/refused", dependencies=[Depends(raising(NotSignedIn))])
def refused():
    return {}


@app.get("/pretended", dependencies=[Depends(raising(Anonymous))])
def pretended():
    return {}


@app.get("/redirected", dependencies=[Depends(raising(Elsewhere))])
def redirected():
    return {}


@app.get("/login")
def login():
    return "form"
