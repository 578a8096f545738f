from flask import Blueprint, abort, request
from flask_jwt_extended import create_access_token
from werkzeug.security import check_password_hash, generate_password_hash

from .extensions import db, limiter
from .store import Account

blueprint = Blueprint("accounts", __name__)

# Compared with where there is no account, so that both answers take the same time.
NOBODY = generate_password_hash("nobody has this password")


@blueprint.post("/register")
def register():
    password_hash = generate_password_hash(str(request.json["password"]))
    email = str(request.json["email"])
    if Account.query.filter_by(email=email).first() is None:
        db.session.add(Account(email=email, password_hash=password_hash))
        db.session.commit()
    return {"status": "accepted"}, 202


def log_in():
    account = Account.query.filter_by(email=str(request.json["email"])).first()
    known = account.password_hash if account else NOBODY
    matches = check_password_hash(known, str(request.json["password"]))
    if account is None or not matches:
        abort(401)
    return {"token": create_access_token(identity=str(account.id))}


@blueprint.post("/login")
@limiter.limit("5 per minute")
def login():
    return log_in()


@blueprint.post("/login/app")
def login_from_app():
    return log_in()
