"""Consumers of Channels in generated Django projects, and what stands around them."""

from __future__ import annotations

import random

from guard_pieces import indented, pick, titled

HEAD = """import json
from urllib.parse import parse_qs

from asgiref.sync import async_to_sync
from channels.exceptions import DenyConnection
from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer, JsonWebsocketConsumer, WebsocketConsumer

TOKENS = {"good": 7}
"""

ASGI = """import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
http = get_asgi_application()

import routing  # noqa: E402
from socket_layers import {layers}  # noqa: E402

application = ProtocolTypeRouter({{
    "http": http,
    "websocket": {stack},
}})
"""

LAYER_HEAD = """from urllib.parse import parse_qs

from channels.middleware import BaseMiddleware

TOKENS = {"good": 7}
"""

ASKED = [
    (4, "self.scope['user'].is_authenticated"),
    (3, "not self.scope['user'].is_anonymous"),
    (1, "self.scope['user'].is_staff"),
    (1, "self.scope.get('user') and self.scope['user'].is_authenticated"),
    (2, "parse_qs(self.scope['query_string'].decode()).get('token', [''])[0] == 'good'"),
    (1, "parse_qs(self.scope['query_string'].decode()).get('token', [''])[0] in TOKENS"),
]


def consumer(source: random.Random, name: str) -> list[str]:
    """A consumer that asks in `connect`, or does not."""
    base = source.choice(["WebsocketConsumer", "JsonWebsocketConsumer", "AsyncWebsocketConsumer", "AsyncJsonWebsocketConsumer"])
    is_async = base.startswith("Async")
    begin, wait = ("async def", "await ") if is_async else ("def", "")
    asked = pick(source, ASKED)
    accept, close = f"{wait}self.accept()", f"{wait}self.close({source.choice(['', 'code=4401', '4003'])})"
    forms = [
        (3, [accept]),
        (3, [f"if not ({asked}):", f"    {close}", "    return", accept]),
        (2, [f"if {asked}:", f"    {accept}", "else:", f"    {close}"]),
        (1, [f"if not ({asked}):", "    raise DenyConnection", accept]),
        (1, [accept, f"if not ({asked}):", f"    {close}", "    return"]),
        (1, [f"self.user = self.scope['user'] if {asked} else None", accept]),
        (1, ["self.user = self.scope.get('user')", accept, f"{wait}self.send(text_data='hello')"]),
    ]
    if source.random() < 0.1:
        return [f"class {titled(name)}({base}):", "    pass"]
    return [f"class {titled(name)}({base}):", f"    {begin} connect(self):", *indented(list(pick(source, forms)), 2)]  # type: ignore[call-overload]


def layer(source: random.Random, name: str, paths: list[str]) -> list[str]:
    """Middleware around the consumers."""
    asked = source.choice(["scope['user'].is_authenticated", "not scope['user'].is_anonymous"])
    exempt = source.choice(["", "", f"scope['path'].startswith('/{paths[0]}') or "])
    inner = f"self.{source.choice(['inner'])}"
    goes_on = f"return await {inner}(scope, receive, send)"
    closes = ["await send({'type': 'websocket.close', 'code': 4401})", "return"]
    own = [f"class {titled(name)}:", "    def __init__(self, inner):", "        self.inner = inner", "", "    async def __call__(self, scope, receive, send):"]
    based = [f"class {titled(name)}(BaseMiddleware):", "    async def __call__(self, scope, receive, send):"]
    forms = [
        (3, [*own, *indented([f"if not ({exempt}{asked}):", *indented(closes, 1), goes_on], 2)]),
        (2, [*based, *indented([f"if {exempt}{asked}:", "    return await super().__call__(scope, receive, send)", *closes], 2)]),
        (2, [*own, *indented(["scope['page'] = 'x'", goes_on], 2)]),
        (1, [*own, *indented(["if parse_qs(scope['query_string'].decode()).get('token', [''])[0] not in TOKENS:", *indented(closes, 1), goes_on], 2)]),
    ]
    return list(pick(source, forms))  # type: ignore[call-overload]


def files(source: random.Random, names: list[str]) -> dict[str, str]:
    """All files of the side of sockets."""
    paths = [f"ws/{name}/" for name in names]
    consumers = HEAD + "".join("\n\n" + "\n".join(consumer(source, name)) + "\n" for name in names)
    listed = "".join(f'    path("{path}", consumers.{titled(name)}.as_asgi()),\n' for name, path in zip(names, paths, strict=True))
    routing = f"from django.urls import path\n\nimport consumers\n\nwebsocket_urlpatterns = [\n{listed}]\n"
    layers = [f"{name}_layer" for name in names[:2]]
    text = LAYER_HEAD + "".join("\n\n" + "\n".join(layer(source, name, paths)) + "\n" for name in layers)
    inner = "URLRouter(routing.websocket_urlpatterns)"
    one, two = (titled(name) for name in (layers * 2)[:2])
    stack = pick(
        source,
        [
            (4, f"AuthMiddlewareStack({inner})"),
            (2, f"AllowedHostsOriginValidator(AuthMiddlewareStack({inner}))"),
            (3, f"AuthMiddlewareStack({one}({inner}))"),
            (1, f"AuthMiddlewareStack({one}({two}({inner})))" if one != two else f"AuthMiddlewareStack({one}({inner}))"),
        ],
    )
    questions = {"websockets": {f"/{path}": {"forged": "?token=bad", "valid": "?token=good"} for path in paths}}
    import json

    return {
        "consumers.py": consumers,
        "routing.py": routing,
        "socket_layers.py": text,
        "asgi.py": ASGI.format(layers=", ".join(titled(name) for name in layers), stack=stack),
        "oracle.json": json.dumps(questions) + "\n",
    }
