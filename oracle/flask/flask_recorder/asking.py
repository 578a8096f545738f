"""Sends requests to an application in-process, and opens its sockets."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from . import tracing

COOKIES = ("token", "session_id", "sid", "access_token", "refresh_token", "auth")
SESSION = {"user": "good", "user_id": 1, "_user_id": "1", "_fresh": True, "username": "good", "logged_in": True, "role": "admin"}
SAMPLES = {"int": "1", "float": "1.0", "path": "a/b", "uuid": "00000000-0000-0000-0000-000000000000"}
callers = 0


@dataclass
class Answer:
    """What became of a request."""

    status: int | None
    location: str | None
    trace: tracing.Trace
    outcome: str = ""
    body: Any = None
    cookies: list[str] = field(default_factory=list)


def credentials(value: str) -> dict[str, str]:
    """Gives the headers that carry one value wherever a credential is customary."""
    return {"Authorization": f"Bearer {value}", "X-API-Key": value, "X-Auth-Token": value, "X-Token": value}


def address() -> dict[str, str]:
    """Every request comes from another address, so that no limiter interferes."""
    global callers
    callers += 1
    return {"REMOTE_ADDR": f"10.{callers >> 16 & 255}.{callers >> 8 & 255}.{callers & 255}"}


def sample(rule: str) -> str:
    """Fills the parameters of a rule."""

    def value(match: re.Match[str]) -> str:
        converter, _, name = match.group(1).rpartition(":")
        if converter.startswith("any("):
            return converter[4:-1].split(",")[0].strip()
        return SAMPLES.get(converter.split("(")[0], "abc" if name else "abc")

    return re.sub(r"<([^>]+)>", value, rule)


def client_for(app: Any, kind: str, asked: dict[str, Any], valid: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """A client with the credentials of one kind (`none`, `forged`, `valid`), and the headers it sends."""
    client = app.test_client()
    if kind == "none":
        return client, {}
    value = "good" if kind == "valid" else "bad"
    for name in COOKIES:
        client.set_cookie(name, value)
    headers = credentials(value)
    if kind == "forged":
        client.set_cookie(app.config["SESSION_COOKIE_NAME"], "forged.forged.forged")
        return client, headers
    headers.update(asked.get("credentials", {}))
    headers.update(valid.get("headers", {}))
    for name, value in valid.get("cookies", {}).items():
        client.set_cookie(name, value)
    if app.secret_key and not valid.get("cookies"):
        with client.session_transaction() as session:
            session.update(asked.get("session", SESSION))
    return client, headers


def log_in(app: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Performs the log-in that the questions name."""
    login = asked.get("login")
    if login is None:
        return {}
    client = app.test_client()
    body = {"data" if login.get("form") else "json": login["body"]}
    answer = client.post(login["path"], environ_overrides=address(), **body)
    found: dict[str, Any] = {"headers": {}, "cookies": {}}
    if "token" in login:
        found["headers"]["Authorization"] = "Bearer " + answer.get_json()[login["token"]]
    for line in answer.headers.getlist("Set-Cookie"):
        name, _, value = line.split(";")[0].partition("=")
        found["cookies"][name] = value
        if name.startswith("csrf_"):
            found["headers"]["X-CSRF-TOKEN"] = value
    return found


def request(app: Any, method: str, rule: str, kind: str, question: dict[str, Any], asked: dict[str, Any], valid: dict[str, Any], wanted: set[Any]) -> Answer:
    client, headers = client_for(app, kind, asked, valid)
    headers.update(question.get("headers", {}))
    if kind == "valid":
        headers.update(question.get("credentials", {}))
    options: dict[str, Any] = {}
    if method in ("POST", "PUT", "PATCH", "DELETE"):
        body = question.get("body", {"name": "x"})
        if kind == "valid":
            body = question.get("valid", body)
        options = {"data" if question.get("form") else "json": body}
    answer = Answer(None, None, tracing.Trace(wanted))
    with answer.trace:
        try:
            got = client.open(question.get("url", sample(rule)), method=method, headers=headers, environ_overrides=address(), **options)
        except Exception:  # noqa: BLE001 - the server would answer 500
            answer.status = 500
        else:
            answer.status, answer.location = got.status_code, got.headers.get("Location")
    return answer


def socket(app: Any, rule: str, kind: str, question: dict[str, Any], asked: dict[str, Any], valid: dict[str, Any], wanted: set[Any]) -> Answer:
    """Opens a WebSocket of flask-sock on the loopback interface."""
    import simple_websocket
    from werkzeug.serving import make_server

    _, headers = client_for(app, kind, asked, valid)
    if kind != "none":
        value = "good" if kind == "valid" else "bad"
        headers["Cookie"] = "; ".join(f"{name}={value}" for name in COOKIES)
    answer = Answer(None, None, tracing.Trace(wanted))
    with answer.trace:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = question.get("url", sample(rule))
        if kind == "valid":
            url = question.get("valid", url)
        try:
            connection = simple_websocket.Client.connect(f"ws://127.0.0.1:{server.port}{url}", headers=headers)
        except Exception as error:  # noqa: BLE001 - a refused handshake
            answer.status = getattr(error, "status_code", None) or 400
            answer.outcome = f"refused {answer.status}"
        else:
            answer.outcome = "open"
            connection.close()
        server.shutdown()
        thread.join(2)
    return answer


def is_refusal(reply: Any) -> bool:
    """Corpus convention: a refused message is answered by an object with `error`."""
    if isinstance(reply, (str, bytes)):
        try:
            reply = json.loads(reply)
        except ValueError:
            return False
    return isinstance(reply, dict) and bool(reply.get("error"))


def event(app: Any, server: Any, space: str, name: str | None, kind: str, question: dict[str, Any], asked: dict[str, Any], valid: dict[str, Any], wanted: set[Any]) -> Answer:
    """Connects with Socket.IO and sends one event, or none."""
    http, headers = client_for(app, kind, asked, valid)
    auth = {"none": None, "forged": {"token": "bad"}, "valid": {"token": "good"}}[kind]
    answer = Answer(None, None, tracing.Trace(wanted))
    with answer.trace:
        client = server.test_client(app, namespace=space, headers=headers, flask_test_client=http, auth=auth)
        if not client.is_connected(space):
            answer.outcome = "refused"
            return answer
        answer.outcome = "open"
        if name is None:
            return answer
        client.get_received(space)
        payload = question.get("data", {"text": "hi"})
        if kind == "valid":
            payload = question.get("valid", payload)
        try:
            client.emit(name, *([payload] if payload is not None else []), namespace=space)
        except Exception:  # noqa: BLE001 - the server would log it
            answer.outcome = "closed"
            return answer
        if not client.is_connected(space):
            answer.outcome = "closed"
            return answer
        replies = [item["args"] for item in client.get_received(space)]
        replies = [reply[0] if isinstance(reply, list) and reply else reply for reply in replies]
        answer.outcome = "silent" if not replies else "refused message" if any(map(is_refusal, replies)) else "answered"
    return answer
