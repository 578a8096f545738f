"""Exceptions and their handlers, of the application and of a blueprint."""

from flask import Blueprint, Flask, abort, jsonify, request
from werkzeug.exceptions import Forbidden, HTTPException, Unauthorized

app = Flask(__name__)
bp = Blueprint("bp", __name__, url_prefix="/bp")


class NotSignedIn(Exception):
    pass


class NoKey(HTTPException):
    code = 403


@app.errorhandler(NotSignedIn)
def not_signed_in(error):
    return jsonify(error=str(error)), 401


@app.errorhandler(404)
def missing(error):
    return "nothing here"


@bp.errorhandler(Forbidden)
def forbidden(error):
    return jsonify(error="no"), 403


def check():
    if request.headers.get("Authorization") != "Bearer good":
        raise NotSignedIn("sign in")


@app.get("/own")
def own():
    check()
    return "own"


@app.get("/http")
def http():
    if request.headers.get("X-API-Key") != "good":
        raise NoKey()
    return "http"


@app.get("/plain")
def plain():
    if not request.authorization:
        raise Unauthorized("who?")
    return "plain"


@bp.get("/")
def inside():
    if request.cookies.get("token") != "good":
        raise Forbidden
    return "in"


@app.get("/hidden")
def hidden():
    if request.cookies.get("token") != "good":
        abort(404)
    return "hidden"


def too_bad(error):
    return "bad", 400


app.register_error_handler(400, too_bad)
app.register_blueprint(bp)
