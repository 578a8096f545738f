"""Flask-RESTful: resources with decorators."""

from functools import wraps

from flask import Blueprint, Flask, request
from flask_restful import Api, Resource, abort, reqparse

app = Flask(__name__)
api = Api(app, prefix="/api")
bp = Blueprint("v2", __name__, url_prefix="/v2")


def need_token(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        if request.headers.get("Authorization") != "Bearer good":
            abort(401, message="sign in")
        return function(*args, **kwargs)

    return wrapper


guarded = Api(bp, decorators=[need_token])


class Things(Resource):
    def get(self):
        return []

    @need_token
    def post(self):
        parser = reqparse.RequestParser()
        parser.add_argument("name")
        return parser.parse_args(), 201


class Thing(Resource):
    method_decorators = [need_token]

    def get(self, thing_id):
        return {"id": thing_id}

    def delete(self, thing_id):
        return "", 204


class ByMethod(Resource):
    method_decorators = {"put": [need_token]}

    def get(self):
        return "open"

    def put(self):
        return "put"


class Inner(Resource):
    def get(self):
        return "inner"


api.add_resource(Things, "/things", "/all-things")
api.add_resource(Thing, "/things/<int:thing_id>")
api.add_resource(ByMethod, "/by-method", endpoint="by")
guarded.add_resource(Inner, "/inner")
app.register_blueprint(bp)
