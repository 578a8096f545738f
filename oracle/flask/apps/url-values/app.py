"""`url_value_preprocessor` takes a part of the path away from the views."""

from flask import Blueprint, Flask, abort, g, request

app = Flask(__name__)
bp = Blueprint("tenants", __name__, url_prefix="/<tenant>")
MEMBERS = {"good": ["abc"]}


@bp.url_value_preprocessor
def take_tenant(endpoint, values):
    g.tenant = values.pop("tenant")


@bp.before_request
def member():
    user = request.cookies.get("token")
    if user not in MEMBERS:
        abort(403)
    if g.tenant not in MEMBERS[user]:
        abort(404)


@bp.get("/projects")
def projects():
    return g.tenant


@bp.get("/projects/<int:project_id>")
def project(project_id):
    return str(project_id)


@app.get("/")
def index():
    return "index"


app.register_blueprint(bp)
