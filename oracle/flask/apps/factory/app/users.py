from flask_login import UserMixin

from .extensions import login_manager


class User(UserMixin):
    def __init__(self, number):
        self.id = number


USERS = {"1": User("1")}


@login_manager.user_loader
def load_user(user_id):
    return USERS.get(user_id)
