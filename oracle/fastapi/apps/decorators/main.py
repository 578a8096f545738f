"""Decorators in the right and in the wrong order."""

from functools import wraps

from fastapi import FastAPI, HTTPException, Request

app = FastAPI()


def login_required(function):
    @wraps(function)
    async def checked(request: Request, *args, **kwargs):
        if request.headers.get("authorization") != "Bearer good":
            raise HTTPException(status_code=401)
        return await function(request, *args, **kwargs)

    return checked


def roles(*names: str):
    def decorate(function):
        @wraps(function)
        async def checked(request: Request, *args, **kwargs):
            if request.headers.get("authorization") != "Bearer good":
                raise HTTPException(status_code=403, detail=names)
            return await function(request, *args, **kwargs)

        return checked

    return decorate


@app.get("/right")
@login_required
async def right(request: Request):
    return {}


@login_required
@app.get("/wrong")
async def wrong(request: Request):
    return {}


@app.post("/admin")
@roles("admin", "owner")
async def admin(request: Request):
    return {}


@app.put("/stacked")
@roles("admin")
@login_required
async def stacked(request: Request):
    return {}
