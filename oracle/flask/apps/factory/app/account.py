from flask import Blueprint, jsonify
from flask_login import current_user, login_required

bp = Blueprint("account", __name__)


@bp.before_request
@login_required
def all_of_it():
    pass


@bp.get("/")
def show():
    return jsonify(id=current_user.id)


@bp.post("/close")
def close():
    return "", 204
