"""Flask-Limiter: defaults, decorators, exemptions, limits of blueprints."""

from flask import Blueprint, Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(key_func=get_remote_address, default_limits=["200 per day"], storage_uri="memory://")
bp = Blueprint("bp", __name__, url_prefix="/bp")
shared = limiter.shared_limit("10/minute", scope="all")


@bp.get("/")
def inside():
    return "in"


@bp.get("/key")
def keyed():
    if request.headers.get("X-API-Key") != "good":
        return "no", 401
    return "key"


limiter.limit("5/minute")(bp)


def create_app():
    app = Flask(__name__)
    limiter.init_app(app)
    app.register_blueprint(bp)

    @app.post("/login")
    @limiter.limit("3/minute", methods=["POST"])
    def login():
        return "in"

    @app.get("/free")
    @limiter.exempt
    def free():
        return "free"

    @app.get("/shared")
    @shared
    def shared_one():
        return "shared"

    @app.get("/plain")
    def plain():
        return "plain"

    return app
