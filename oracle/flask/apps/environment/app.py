"""What hangs on the environment."""

import os

from flask import Blueprint, Flask, abort, request

app = Flask(__name__)
bp = Blueprint("tools", __name__, url_prefix="/tools")
IS_PRODUCTION = os.environ.get("APP_ENV") == "production"


def check():
    if request.headers.get("Authorization") != "Bearer good":
        abort(401)


if IS_PRODUCTION:
    app.before_request(check)


@bp.before_request
def keyed():
    if os.environ.get("APP_ENV") == "test":
        return None
    if request.headers.get("X-API-Key") != "good":
        return "no", 403
    return None


@bp.get("/")
def tools():
    return "tools"


@app.get("/things")
def things():
    return "things"


@app.get("/debug")
def debug():
    if os.getenv("APP_ENV") == "production":
        abort(404)
    return "debug"


app.register_blueprint(bp)
