"""Flask-SocketIO: a namespace that refuses, one that does not, and events that check."""

from flask import Flask, request, session
from flask_socketio import ConnectionRefusedError, Namespace, SocketIO, disconnect, emit, join_room

app = Flask(__name__)
app.config["SECRET_KEY"] = "for tests only"
socketio = SocketIO(app, cors_allowed_origins="*")


@app.before_request
def never_for_events():
    if not session.get("user"):
        return "no", 401


@app.get("/page")
def page():
    return "page"


@socketio.on("connect", namespace="/guarded")
def connect(auth):
    if not session.get("user"):
        return False


@socketio.on("say", namespace="/guarded")
def say(data):
    emit("said", {"text": data["text"]})


@socketio.on("connect", namespace="/strict")
def connect_strictly(auth):
    if not auth or auth.get("token") != "good":
        raise ConnectionRefusedError("no")


@socketio.on("ask", namespace="/strict")
def ask(data):
    return {"ok": True}


@socketio.on("shout")
def shout(data):
    emit("shouted", data)


@socketio.event
def checked(data):
    if request.headers.get("X-API-Key") != "good":
        disconnect()
        return
    emit("done", {"ok": True})


class Room(Namespace):
    def on_connect(self):
        pass

    def on_enter(self, data):
        if not session.get("user"):
            emit("refused", {"error": "sign in"})
            return
        join_room("one")
        emit("entered", {"ok": True})

    def on_ping_all(self, data):
        emit("pong", {"ok": True})


socketio.on_namespace(Room("/room"))
