"""Guards in classes, and views that a loop registers."""

from flask import Blueprint, Flask, abort, request


class Guard:
    def __init__(self, header):
        self.header = header

    def __call__(self):
        if request.headers.get(self.header) != "good":
            abort(403)


class Area:
    def __init__(self, name, guard=None):
        self.bp = Blueprint(name, __name__, url_prefix=f"/{name}")
        if guard is not None:
            self.bp.before_request(guard)
        for kind in ("list", "detail"):
            self.bp.add_url_rule(f"/{kind}", endpoint=kind, view_func=self.show)

    def show(self):
        return "shown"


keyed = Guard("X-API-Key")
areas = [Area("open"), Area("closed", keyed)]
app = Flask(__name__)
for area in areas:
    app.register_blueprint(area.bp)
