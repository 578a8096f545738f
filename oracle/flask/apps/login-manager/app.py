"""Flask-Login: required, fresh, by hand, with a request loader and an own answer."""

from flask import Flask, abort, jsonify, request
from flask_login import LoginManager, UserMixin, current_user, fresh_login_required, login_required, logout_user

app = Flask(__name__)
app.config["SECRET_KEY"] = "for tests only"
manager = LoginManager(app)
manager.session_protection = None


class User(UserMixin):
    def __init__(self, number, is_admin):
        self.id = number
        self.is_admin = is_admin


USERS = {"1": User("1", True)}


@manager.user_loader
def load(user_id):
    return USERS.get(user_id)


@manager.request_loader
def load_by_key(request):
    if request.headers.get("X-API-Key") == "good":
        return USERS["1"]
    return None


@manager.unauthorized_handler
def answer():
    return jsonify(error="sign in"), 401


@app.get("/me")
@login_required
def me():
    return jsonify(id=current_user.id)


@app.post("/password")
@fresh_login_required
def password():
    return "changed"


@app.get("/admin")
@login_required
def admin():
    if not current_user.is_admin:
        abort(403)
    return "admin"


@app.get("/by-hand")
def by_hand():
    if not current_user.is_authenticated:
        return manager.unauthorized()
    return "hand"


@app.get("/anonymous")
def anonymous():
    if current_user.is_anonymous:
        abort(403)
    return "somebody"


@app.get("/greeting")
def greeting():
    return "hello you" if current_user.is_authenticated else "hello"


@app.post("/logout")
@login_required
def logout():
    logout_user()
    return "bye"


@app.get("/key")
def key_only():
    if request.headers.get("X-API-Key") != "good":
        return "no", 401
    return "key"
