"""A guard above the route decorator guards nothing."""

from functools import wraps

from flask import Flask, jsonify, request

app = Flask(__name__)
TOKENS = {"good": 1}


def token_required(view):
    @wraps(view)
    def wrapper(*args, **kwargs):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in TOKENS:
            return jsonify(error="sign in"), 401
        return view(*args, **kwargs)

    return wrapper


def role_required(role):
    def decorator(view):
        @wraps(view)
        def wrapper(*args, **kwargs):
            if request.headers.get("X-API-Key") != "good":
                return {"error": role}, 403
            return view(*args, **kwargs)

        return wrapper

    return decorator


def logged(view):
    def wrapper(*args, **kwargs):
        return view(*args, **kwargs)

    wrapper.__name__ = view.__name__
    return wrapper


@app.route("/right")
@token_required
def right():
    return "right"


@token_required
@app.route("/wrong")
def wrong():
    return "wrong"


@app.route("/between", methods=["POST"])
@token_required
@app.route("/above", endpoint="above")
def between():
    return "between"


@app.route("/both")
@logged
@token_required
@role_required("admin")
def both():
    return "both"


@app.get("/role")
@role_required(role="owner")
def by_role():
    return "role"


def late():
    return "late"


app.add_url_rule("/late", view_func=token_required(late))
app.add_url_rule("/open-late", endpoint="open_late", view_func=late, methods=["GET", "PUT"])
