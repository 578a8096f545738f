"""`before_app_request` of blueprints takes its place when the blueprint is registered."""

from flask import Blueprint, Flask, g, jsonify, request

app = Flask(__name__)
first = Blueprint("first", __name__, url_prefix="/first")
second = Blueprint("second", __name__, url_prefix="/second")


@second.before_app_request
def attach_user():
    g.user = {"name": "good"} if request.headers.get("Authorization") == "Bearer good" else None


@first.before_app_request
def open_scope():
    g.scope = "all"


@app.before_request
def count():
    g.count = 1


@second.before_request
def need_user():
    if g.user is None:
        return jsonify(error="sign in"), 401


@first.get("/")
def first_page():
    return "first"


@second.get("/")
def second_page():
    return jsonify(g.user)


@app.after_request
def stamp(response):
    response.headers["X-Stamp"] = "1"
    return response


@app.teardown_request
def close(_error):
    pass


app.register_blueprint(first)
app.register_blueprint(second)


@app.before_request
def last():
    pass


@app.get("/")
def index():
    return "index"
