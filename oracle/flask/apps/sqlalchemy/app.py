"""Flask-SQLAlchemy: who is asking is looked up in the database."""

from flask import Blueprint, Flask, abort, g, jsonify, request
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
bp = Blueprint("notes", __name__, url_prefix="/notes")


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    token = db.Column(db.String(80), unique=True)
    notes = db.relationship("Note", backref="owner")


class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String(80))
    owner_id = db.Column(db.Integer, db.ForeignKey("user.id"))


@bp.before_request
def load_user():
    g.user = User.query.filter_by(token=request.headers.get("X-API-Key")).first()
    if g.user is None:
        abort(401)


@bp.get("/<int:note_id>")
def show(note_id):
    note = db.get_or_404(Note, note_id)
    if note.owner_id != g.user.id:
        abort(403)
    return jsonify(text=note.text)


@bp.get("/")
def listed():
    notes = Note.query.filter_by(owner_id=g.user.id).all()
    return jsonify([note.text for note in notes])


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db.init_app(app)
    app.register_blueprint(bp)

    @app.get("/all")
    def everything():
        return jsonify([note.id for note in Note.query.all()])

    with app.app_context():
        db.create_all()
        user = User(token="good")
        db.session.add(user)
        db.session.flush()
        db.session.add(Note(text="one", owner_id=user.id))
        db.session.commit()
    return app
