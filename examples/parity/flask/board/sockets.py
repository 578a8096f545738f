from flask_jwt_extended import current_user, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from flask_socketio import emit
from jwt import PyJWTError

from .extensions import db, socketio
from .store import Message, Note


@socketio.on("connect", namespace="/feed")
def connect(auth=None):
    try:
        verify_jwt_in_request()
    except (JWTExtendedException, PyJWTError):
        return False


@socketio.on("say", namespace="/feed")
def say(message):
    verify_jwt_in_request()
    db.session.add(Note(owner_id=current_user.id, text=str(message["text"])))
    db.session.commit()
    emit("said", {"text": message["text"]})


@socketio.on("connect", namespace="/wall")
def connect_to_wall(auth=None):
    pass


@socketio.on("say", namespace="/wall")
def say_on_wall(message):
    db.session.add(Message(text=str(message["text"])))
    db.session.commit()
    emit("said", {"text": message["text"]})
