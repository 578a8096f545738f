"""flask-sock: routes with the hooks of the application."""

from flask import Blueprint, Flask, abort, request
from flask_sock import Sock

app = Flask(__name__)
sock = Sock(app)
bp = Blueprint("bp", __name__, url_prefix="/in")


@bp.before_request
def need_token():
    if request.headers.get("Authorization") != "Bearer good":
        abort(401)


@sock.route("/echo")
def echo(ws):
    while True:
        ws.send(ws.receive())


@sock.route("/first-message")
def first_message(ws):
    token = ws.receive()
    if token != "good":
        ws.close()
        return
    ws.send(ws.receive())


@sock.route("/guarded", bp=bp)
def guarded(ws):
    while True:
        data = ws.receive()
        ws.send(data)


@bp.get("/page")
def page():
    return "page"


app.register_blueprint(bp)
