from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.middleware import BaseMiddleware
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.signing import BadSignature, loads


@database_sync_to_async
def user_of(token):
    try:
        return get_user_model()(username=loads(token))
    except BadSignature:
        return AnonymousUser()


class ByQuery:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        query = parse_qs(scope["query_string"].decode())
        scope["user"] = await user_of(query.get("token", [""])[0])
        return await self.app(scope, receive, send)


class Closes(BaseMiddleware):
    async def __call__(self, scope, receive, send):
        if scope["path"].startswith("/ws/inside/") and scope["user"].is_anonymous:
            await send({"type": "websocket.close", "code": 4401})
            return
        return await super().__call__(scope, receive, send)
