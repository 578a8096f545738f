"""Sends requests and WebSocket connections to an application in-process, without sockets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from . import tracing

COOKIES = ("token", "session", "session_id", "sid", "access_token", "refresh_token", "auth")
callers = 0


@dataclass
class Answer:
    """What became of a request."""

    status: int | None
    location: str | None
    trace: tracing.Trace
    body: bytes = b""
    cookies: list[str] = field(default_factory=list)
    outcome: str = ""


def credentials(value: str) -> dict[str, str]:
    """Gives the headers that carry one value wherever a credential is customary."""
    return {
        "authorization": f"Bearer {value}",
        "x-api-key": value,
        "x-auth-token": value,
        "x-token": value,
        "cookie": "; ".join(f"{name}={value}" for name in COOKIES),
    }


def scope_of(kind: str, method: str, url: str, headers: dict[str, str], state: dict[str, Any]) -> dict[str, Any]:
    """Every request comes from another address, so that no limiter interferes."""
    global callers
    callers += 1
    path, _, query = url.partition("?")
    scope: dict[str, Any] = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "ws" if kind == "websocket" else "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(key.lower().encode(), value.encode()) for key, value in headers.items()],
        "client": (f"10.{callers >> 16 & 255}.{callers >> 8 & 255}.{callers & 255}", 40000),
        "server": ("localhost", 80),
        "state": dict(state),
    }
    if kind == "websocket":
        scope["subprotocols"] = []
    return scope


async def request(app: Any, entry: Any, headers: dict[str, str], state: dict[str, Any]) -> Answer:
    """Sends the request of a route with the given extra headers."""
    payload = b""
    sent = {"host": "localhost", **entry.headers, **headers}
    if entry.body is not None:
        payload = urlencode(entry.body).encode() if entry.form else json.dumps(entry.body).encode()
        sent["content-type"] = "application/x-www-form-urlencoded" if entry.form else "application/json"
        sent["content-length"] = str(len(payload))
    url = entry.url + ("?" + urlencode(entry.query) if entry.query else "")
    scope = scope_of("http", entry.method, url, sent, state)
    answer = Answer(None, None, tracing.begin())
    waiting = [{"type": "http.request", "body": payload, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            for key, value in message.get("headers", []):
                if key.lower() == b"location":
                    answer.location = value.decode()
                elif key.lower() == b"set-cookie":
                    answer.cookies.append(value.decode().split(";")[0])
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")

    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001 - the server would answer 500
        answer.status = answer.status or 500
    if not answer.trace.handlers and not hasattr(entry.dependant, "call") and scope.get("endpoint") is entry.endpoint:
        answer.trace.handlers.append(entry.endpoint)
    return answer


async def connect(app: Any, url: str, headers: dict[str, str], messages: list[Any], state: dict[str, Any]) -> Answer:
    """Opens a WebSocket, sends the messages and hangs up; the last message's replies decide its outcome."""
    scope = scope_of("websocket", "GET", url, {"host": "localhost", **headers}, state)
    answer = Answer(None, None, tracing.begin())
    waiting: list[Any] = [{"type": "websocket.connect"}, *messages]
    accepted = closed = False
    replies: list[str] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            return {"type": "websocket.disconnect", "code": 1000}
        item = waiting.pop(0)
        if isinstance(item, dict) and item.get("type") == "websocket.connect":
            return item
        replies.clear()
        text = item if isinstance(item, str) else json.dumps(item)
        return {"type": "websocket.receive", "text": text}

    async def send(message: dict[str, Any]) -> None:
        nonlocal accepted, closed
        if message["type"] == "websocket.accept":
            accepted = True
        elif message["type"] == "websocket.send":
            replies.append(message.get("text") or (message.get("bytes") or b"").decode())
        elif message["type"] in ("websocket.close", "websocket.http.response.start"):
            closed = True
            answer.status = message.get("code", message.get("status"))

    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001 - the server would close the connection
        closed = closed or bool(waiting)
    if not hasattr(scope.get("route"), "dependant") and accepted:
        answer.trace.handlers.append(scope.get("endpoint"))
    answer.outcome = outcome_of(accepted, closed, answer.status, bool(messages), replies)
    return answer


def outcome_of(accepted: bool, closed: bool, status: int | None, asked: bool, replies: list[str]) -> str:
    if not accepted:
        return "refused" if status is None else f"refused {status}"
    if closed:
        return f"closed {status}"
    if not asked:
        return "open"
    if not replies:
        return "silent"
    return "refused message" if any(is_refusal(reply) for reply in replies) else "answered"


def is_refusal(reply: str) -> bool:
    """Corpus convention: a refused message is answered by an object with `error`, or closes the connection."""
    try:
        value = json.loads(reply)
    except ValueError:
        return False
    return isinstance(value, dict) and (bool(value.get("error")) or value.get("type") in ("error", "unauthorized"))
