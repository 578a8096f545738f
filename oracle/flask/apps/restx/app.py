"""Flask-RESTX: namespaces and their routes."""

from functools import wraps

from flask import Blueprint, Flask, request
from flask_restx import Api, Namespace, Resource

bp = Blueprint("api", __name__, url_prefix="/api")
api = Api(bp, doc=False, add_specs=False)
cats = Namespace("cats", description="cats")


def need_key(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        if request.headers.get("X-API-Key") != "good":
            cats.abort(401, "no key")
        return function(*args, **kwargs)

    return wrapper


dogs = Namespace("dogs", path="/d", decorators=[need_key])


@cats.route("/")
class Cats(Resource):
    @cats.doc("list")
    def get(self):
        return []

    @cats.doc("add")
    @need_key
    def post(self):
        return {}, 201


@cats.route("/<int:number>", "/by-number/<int:number>")
class Cat(Resource):
    method_decorators = [need_key]

    def get(self, number):
        return number


@dogs.route("/")
class Dogs(Resource):
    def get(self):
        return []


api.add_namespace(cats)
api.add_namespace(dogs)
app = Flask(__name__)
app.register_blueprint(bp)
