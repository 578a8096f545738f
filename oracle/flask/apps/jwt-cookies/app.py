"""Tokens in cookies, with the double submit for changes."""

from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, create_access_token, jwt_required, set_access_cookies, unset_jwt_cookies

app = Flask(__name__)
app.config.update(JWT_SECRET_KEY="a key that is long enough for the tests", JWT_TOKEN_LOCATION=["cookies"], JWT_COOKIE_SECURE=False)
JWTManager(app)


@app.post("/login")
def login():
    if request.get_json().get("password") != "good":
        return jsonify(error="wrong"), 422
    response = jsonify(ok=True)
    set_access_cookies(response, create_access_token(identity="1"))
    return response


@app.post("/logout")
def logout():
    response = jsonify(ok=True)
    unset_jwt_cookies(response)
    return response


@app.get("/me")
@jwt_required()
def me():
    return "me"


@app.post("/notes")
@jwt_required()
def add_note():
    return "added"
