"""Views and hooks may be coroutines."""

from functools import wraps

from flask import Flask, request

app = Flask(__name__)


def need_token(view):
    @wraps(view)
    async def wrapper(*args, **kwargs):
        if request.headers.get("Authorization") != "Bearer good":
            return {"error": "no"}, 401
        return await view(*args, **kwargs)

    return wrapper


@app.get("/open")
async def open_():
    return "open"


@app.get("/guarded")
@need_token
async def guarded():
    return "guarded"
