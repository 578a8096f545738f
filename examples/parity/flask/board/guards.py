from functools import wraps

from flask import abort
from flask_jwt_extended import current_user, verify_jwt_in_request

from .extensions import db, jwt
from .store import Account


@jwt.user_lookup_loader
def account_of(header, claims):
    return db.session.get(Account, int(claims["sub"]))


def require_admin(view):
    @wraps(view)
    def guarded(*args, **kwargs):
        verify_jwt_in_request()
        if current_user.role != "admin":
            abort(403)
        return view(*args, **kwargs)

    return guarded
