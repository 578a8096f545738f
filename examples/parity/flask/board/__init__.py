"""The notice board: the application and what it is made of."""

import os

from flask import Flask

from . import accounts, admin, notes, sockets  # noqa: F401
from .extensions import db, headers, jwt, limiter, socketio


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DATABASE_URL", "sqlite://")
    app.config["JWT_SECRET_KEY"] = os.environ["TOKEN_SECRET"]
    db.init_app(app)
    jwt.init_app(app)
    limiter.init_app(app)
    headers.init_app(app, force_https=False)
    socketio.init_app(app)

    @app.get("/health")
    def health():
        return {"status": "ok"}

    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(notes.blueprint, url_prefix="/notes")
    app.register_blueprint(admin.blueprint, url_prefix="/admin")
    with app.app_context():
        db.create_all()
    return app
