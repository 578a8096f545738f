from flask import Blueprint, redirect, request, url_for
from flask_login import current_user, login_user

from .users import USERS

bp = Blueprint("public", __name__)


@bp.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        user = USERS.get(request.form.get("user"))
        if user is None:
            return "wrong", 422
        login_user(user)
        return redirect(url_for("public.index"))
    return "form"


@bp.get("/")
def index():
    return "hello" if current_user.is_authenticated else "who?"
