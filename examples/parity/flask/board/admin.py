from flask import Blueprint
from flask_jwt_extended import verify_jwt_in_request

from .extensions import db
from .guards import require_admin
from .store import Account

blueprint = Blueprint("admin", __name__)


@blueprint.before_request
def require_account():
    verify_jwt_in_request()


@blueprint.get("/accounts")
@require_admin
def listed():
    return [{"id": account.id, "email": account.email, "role": account.role} for account in Account.query.all()]


@blueprint.delete("/accounts/<int:id>")
def remove(id):
    Account.query.filter_by(id=id).delete()
    db.session.commit()
    return "", 204
