"""An application factory with a package of blueprints and extensions that are set up late."""

from flask import Flask

from .extensions import login_manager
from .users import load_user  # noqa: F401


def create_app(config=None):
    app = Flask(__name__)
    app.config.from_mapping(SECRET_KEY="for tests only")
    if config:
        app.config.update(config)
    login_manager.init_app(app)

    from .account import bp as account
    from .public import bp as public

    app.register_blueprint(account, url_prefix="/account")
    app.register_blueprint(public)
    return app
