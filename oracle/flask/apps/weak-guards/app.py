"""Guards that look, fail open, or take anything."""

from functools import wraps

from flask import Flask, abort, g, request

app = Flask(__name__)


def verify(header):
    if header != "Bearer good":
        raise ValueError("bad")
    return 7


def fails_open(view):
    @wraps(view)
    def wrapper(*args, **kwargs):
        try:
            g.user = verify(request.headers.get("Authorization"))
        except ValueError:
            g.user = None
        return view(*args, **kwargs)

    return wrapper


def present(view):
    @wraps(view)
    def wrapper(*args, **kwargs):
        if "Authorization" not in request.headers:
            abort(401)
        return view(*args, **kwargs)

    return wrapper


def strict(view):
    @wraps(view)
    def wrapper(*args, **kwargs):
        try:
            g.user = verify(request.headers.get("Authorization"))
        except ValueError:
            abort(401)
        return view(*args, **kwargs)

    return wrapper


@app.get("/open")
@fails_open
def failing():
    return str(g.user)


@app.get("/present")
@present
def any_token():
    return "any"


@app.get("/strict")
@strict
def strictly():
    return "strict"


@app.get("/checked-later")
@fails_open
def later():
    if g.user is None:
        abort(401)
    return "later"


@app.get("/none")
def none():
    return "none"
