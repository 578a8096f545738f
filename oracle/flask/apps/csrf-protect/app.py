"""CSRFProtect on everything but what is exempt."""

from flask import Blueprint, Flask, session
from flask_wtf.csrf import CSRFProtect

csrf = CSRFProtect()
hooks = Blueprint("hooks", __name__, url_prefix="/hooks")


@hooks.post("/paid")
def paid():
    return "ok"


def create_app():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "for tests only"
    csrf.init_app(app)
    csrf.exempt(hooks)
    app.register_blueprint(hooks)

    @app.get("/page")
    def page():
        return "page"

    @app.post("/webhook")
    @csrf.exempt
    def webhook():
        return "ok"

    @app.get("/mine")
    def mine():
        if not session.get("user_id"):
            return "no", 403
        return "mine"

    return app
