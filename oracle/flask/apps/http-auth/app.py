"""Flask-HTTPAuth: basic, tokens, several, roles."""

from flask import Flask, jsonify
from flask_httpauth import HTTPBasicAuth, HTTPTokenAuth, MultiAuth

app = Flask(__name__)
basic = HTTPBasicAuth()
token = HTTPTokenAuth(scheme="Bearer")
either = MultiAuth(basic, token)
TOKENS = {"good": "ada"}


@basic.verify_password
def verify_password(username, password):
    if username == "ada" and password == "good":
        return username
    return None


@token.verify_token
def verify_token(given):
    return TOKENS.get(given)


@token.get_user_roles
def roles(user):
    return ["admin"]


@token.error_handler
def refused(status):
    return jsonify(error="no"), status


@app.get("/token")
@token.login_required
def by_token():
    return token.current_user()


@app.get("/either")
@either.login_required
def by_either():
    return "either"


@app.get("/admin")
@token.login_required(role="admin")
def admin():
    return "admin"


@app.get("/optional")
@token.login_required(optional=True)
def optional():
    return str(token.current_user())


@app.get("/basic")
@basic.login_required
def by_basic():
    return basic.current_user()
