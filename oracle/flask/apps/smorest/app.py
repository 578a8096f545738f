"""flask-smorest: blueprints with classes."""

from functools import wraps

from flask import Flask, request
from flask.views import MethodView
from flask_smorest import Api, Blueprint, abort
from marshmallow import Schema, fields

app = Flask(__name__)
app.config.update(API_TITLE="t", API_VERSION="1", OPENAPI_VERSION="3.0.2")
api = Api(app)
blp = Blueprint("pets", __name__, url_prefix="/pets")


class PetSchema(Schema):
    name = fields.Str()


def need_token(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        if request.headers.get("Authorization") != "Bearer good":
            abort(401)
        return function(*args, **kwargs)

    return wrapper


@blp.route("/")
class Pets(MethodView):
    @blp.response(200, PetSchema(many=True))
    def get(self):
        return []

    @need_token
    @blp.arguments(PetSchema)
    @blp.response(201, PetSchema)
    def post(self, new):
        return new


@blp.route("/<int:pet_id>", methods=["DELETE"])
@need_token
@blp.response(204)
def remove(pet_id):
    return ""


api.register_blueprint(blp)
