"""Settings decide, and `current_app` knows them."""

from flask import Blueprint, Flask, current_app, request

bp = Blueprint("bp", __name__)


class Config:
    API_KEY = "good"
    REQUIRE_KEY = True
    SECRET_KEY = "for tests only"


class Loose(Config):
    REQUIRE_KEY = False


def check():
    if current_app.config["REQUIRE_KEY"] and request.headers.get("X-API-Key") != current_app.config["API_KEY"]:
        return "no", 401
    return None


@bp.before_request
def keyed():
    return check()


@bp.get("/things")
def things():
    return "things"


@bp.get("/other")
def other():
    if request.args.get("key") != current_app.config.get("API_KEY"):
        return "no", 403
    return "other"


def create_app(config=Config):
    app = Flask(__name__)
    app.config.from_object(config)
    app.register_blueprint(bp, url_prefix="/strict")
    return app


app = create_app()
