from .users import current_user as require_user

__all__ = ["require_user"]
