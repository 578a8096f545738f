from flask import Blueprint, abort, request
from flask_jwt_extended import current_user, jwt_required

from .extensions import db
from .store import Note

blueprint = Blueprint("notes", __name__)


@blueprint.get("")
@jwt_required()
def listed():
    notes = Note.query.filter_by(owner_id=current_user.id).all()
    return [{"id": note.id, "text": note.text} for note in notes]


@blueprint.post("")
@jwt_required()
def create():
    note = Note(owner_id=current_user.id, text=str(request.json["text"]))
    db.session.add(note)
    db.session.commit()
    return {"id": note.id}, 201


@blueprint.get("/<int:id>")
@jwt_required()
def read(id):
    note = db.session.get(Note, id)
    if note is None or note.owner_id != current_user.id:
        abort(404)
    return {"id": note.id, "text": note.text}


@blueprint.patch("/<int:id>")
@jwt_required()
def change(id):
    Note.query.filter_by(id=id).update({"text": str(request.json["text"])})
    db.session.commit()
    return {"status": "changed"}


@blueprint.delete("/<int:id>")
def remove(id):
    Note.query.filter_by(id=id).delete()
    db.session.commit()
    return "", 204
