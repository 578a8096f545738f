"""Flask-JWT-Extended: required, optional, refresh, by hand, roles."""

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    verify_jwt_in_request,
)

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "a key that is long enough for the tests"
jwt = JWTManager(app)
REVOKED = set()


@jwt.token_in_blocklist_loader
def is_revoked(_header, payload):
    return payload["jti"] in REVOKED


@app.post("/login")
def login():
    body = request.get_json()
    if body.get("password") != "good":
        return jsonify(error="wrong"), 422
    claims = {"role": "admin"}
    return jsonify(access=create_access_token("1", additional_claims=claims), refresh=create_refresh_token("1"))


@app.get("/me")
@jwt_required()
def me():
    return jsonify(id=get_jwt_identity())


@app.get("/maybe")
@jwt_required(optional=True)
def maybe():
    return jsonify(id=get_jwt_identity())


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(access=create_access_token(get_jwt_identity()))


@app.get("/admin")
def admin():
    verify_jwt_in_request()
    if get_jwt()["role"] != "admin":
        return jsonify(error="no"), 403
    return "admin"


@app.delete("/logout")
@jwt_required()
def logout():
    REVOKED.add("x" + get_jwt()["jti"])
    return "", 204


@jwt_required()
@app.get("/wrong")
def wrong():
    return "wrong"


@app.get("/open")
def open_():
    return "open"
