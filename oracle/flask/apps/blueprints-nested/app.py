"""Blueprints in blueprints: prefixes at creation and at registration, hooks at every level."""

from flask import Blueprint, Flask, abort, request, session

app = Flask(__name__)
app.secret_key = "for tests only"

outer = Blueprint("outer", __name__, url_prefix="/outer")
middle = Blueprint("middle", __name__, url_prefix="/middle")
inner = Blueprint("inner", __name__)
plain = Blueprint("plain", __name__)


@app.before_request
def note_visit():
    return None


@outer.before_request
def look_at_session():
    request.visitor = session.get("user")


@middle.before_request
def members_only():
    if "user" not in session:
        abort(403)


@inner.before_request
def with_key():
    if request.headers.get("X-API-Key") != "good":
        return {"error": "no key"}, 401


@inner.get("/deep/<int:number>")
def deep(number):
    return {"number": number}


@middle.get("/")
def middle_index():
    return "middle"


@outer.get("/")
def outer_index():
    return "outer"


@plain.get("/")
@plain.get("/about")
def about():
    return "about"


middle.register_blueprint(inner, url_prefix="/inner")
outer.register_blueprint(middle)
outer.register_blueprint(inner, name="again", url_prefix="/again")
app.register_blueprint(outer, url_prefix="/v2")
app.register_blueprint(plain)
