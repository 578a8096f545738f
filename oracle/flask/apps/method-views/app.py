"""Class-based views, with decorators, arguments and inheritance."""

from functools import wraps

from flask import Blueprint, Flask, abort, request
from flask.views import MethodView, View

app = Flask(__name__)
bp = Blueprint("things", __name__, url_prefix="/things")


def need_token(view):
    @wraps(view)
    def wrapper(*args, **kwargs):
        if request.headers.get("Authorization") != "Bearer good":
            abort(401)
        return view(*args, **kwargs)

    return wrapper


class Base(MethodView):
    decorators = [need_token]

    def get(self):
        return "base"


class Thing(Base):
    init_every_request = False

    def __init__(self, kind="plain"):
        self.kind = kind

    def put(self, thing_id=None):
        return {"kind": self.kind, "id": thing_id}


class Open(MethodView):
    def get(self, name):
        return name

    def post(self, name):
        if request.headers.get("X-API-Key") != "good":
            return "no", 403
        return "posted"


class Page(View):
    methods = ["GET", "POST"]
    decorators = [need_token]

    def dispatch_request(self):
        return "page"


class Small(View):
    def dispatch_request(self):
        return "small"


app.add_url_rule("/base", view_func=Base.as_view("base"))
bp.add_url_rule("/", view_func=Thing.as_view("thing", kind="round"))
app.add_url_rule("/open/<name>", view_func=Open.as_view("open"))
app.add_url_rule("/page", view_func=Page.as_view("page"))
app.add_url_rule("/small", view_func=Small.as_view("small"))
app.add_url_rule("/small-guarded", view_func=need_token(Small.as_view("small_guarded")))
app.register_blueprint(bp)
