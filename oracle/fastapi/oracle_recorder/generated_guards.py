"""The module of guards of a generated application: some refuse, some only look, some let through on failure.

Names are drawn at random from one list, so that no name says what its function does.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

NAMES = """current_user require_user get_user authenticate check_token protect verify_access d7 gate load_context ensure_session sentry
with_identity step_one only_members inspect_request attach policy touch tenant""".split()

KNOWN = [
    ("authorization: str | None = Header(default=None)", "authorization == 'Bearer good'"),
    ("authorization: Annotated[str | None, Header()] = None", "USERS.get((authorization or '').removeprefix('Bearer '))"),
    ("request: Request", "request.headers.get('authorization') == 'Bearer good'"),
    ("request: Request", "request.headers.get('x-api-key') == 'good'"),
    ("request: Request", "request.cookies.get('session') == 'good'"),
    ("token: str = Depends(read_token)", "token == 'good'"),
    ("token: Annotated[str, Depends(read_token)]", "token in USERS"),
    ("given=Depends(optional_bearer)", "given is not None and given.credentials == 'good'"),
    ("token=Depends(oauth2)", "token == 'good'"),
]

REFUSALS = [
    "raise HTTPException(status_code=401)",
    "raise HTTPException(403, 'not for you')",
    "raise HTTPException(status_code=status.HTTP_401_UNAUTHORIZED, detail='sign in')",
    "raise unauthorized()",
    "raise HTTPException(status_code=303, headers={'Location': '/login'})",
]

HELPERS = '''import os
from functools import wraps
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request, WebSocket, WebSocketException, status
from fastapi.security import HTTPBearer, OAuth2PasswordBearer
from pydantic import BaseModel
from starlette.middleware.base import BaseHTTPMiddleware

USERS = {"good": 7}
optional_bearer = HTTPBearer(auto_error=False)
oauth2 = OAuth2PasswordBearer(tokenUrl="login", auto_error=False)


class Item(BaseModel):
    name: str
    count: int = 1


def unauthorized() -> HTTPException:
    return HTTPException(status_code=401, detail="sign in")


def read_token(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def verify(header: str | None) -> int:
    if header != "Bearer good":
        raise ValueError("bad token")
    return 7


def login_required(function):
    @wraps(function)
    async def checked(request: Request, *args, **kwargs):
        verified = request.headers.get("authorization") == "Bearer good"
        if not verified:
            raise HTTPException(status_code=401)
        return await function(request, *args, **kwargs)

    return checked


async def socket_user(socket: WebSocket) -> int:
    if socket.headers.get("authorization") != "Bearer good":
        raise WebSocketException(code=1008)
    return 7


class Stamp(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        return await call_next(request)


class Raw:
    def __init__(self, app, label: str) -> None:
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)
'''


@dataclass
class Guard:
    """How a guard is written at its uses: by name, or by a call with arguments."""

    name: str
    call: str | None = None


def guard_module(source: random.Random) -> tuple[str, list[Guard]]:
    """Makes the text of `guards.py` and the guards in it."""
    parts = [HELPERS]
    guards = []
    for name in source.sample(NAMES, source.randint(3, 7)):
        parameter, body = shape(source)
        style = source.choice(["function", "function", "async", "factory", "instance"])
        text, call = STYLES[style](name, parameter, body, source)
        parts.append(text)
        guards.append(Guard(name, call))
    return "\n\n".join(parts), guards


def shape(source: random.Random) -> tuple[str, list[str]]:
    """Gives the parameter and the body of a guard."""
    parameter, known = source.choice(KNOWN)
    refusal = source.choice(REFUSALS)
    header = "authorization: str | None = Header(default=None)"
    choices = [
        (5, parameter, [f"if not ({known}):", f"    {refusal}", "return 7"]),
        (2, parameter, [f"if {known}:", "    return 7", refusal]),
        (2, header, ["try:", "    return verify(authorization)", "except ValueError as error:", "    raise HTTPException(401) from error"]),
        (1, parameter, ["if os.environ.get('APP_ENV') == 'test':", "    return 0", f"if not ({known}):", f"    {refusal}", "return 7"]),
        (2, header, ["try:", "    return verify(authorization)", "except ValueError:", "    return None"]),
        (2, parameter, [f"return 7 if {known} else None"]),
        (3, "page: int = 1", ["return page * 20"]),
        (1, "", ["return 'tenant'"]),
    ]
    _, chosen, body = source.choices(choices, weights=[choice[0] for choice in choices])[0]
    return chosen, body


def indented(lines: list[str], depth: int) -> str:
    return "\n".join("    " * depth + line for line in lines)


def as_function(name: str, parameter: str, body: list[str], source: random.Random) -> tuple[str, str | None]:
    return f"def {name}({parameter}):\n{indented(body, 1)}\n", None


def as_async(name: str, parameter: str, body: list[str], source: random.Random) -> tuple[str, str | None]:
    text, call = as_function(name, parameter, body, source)
    return "async " + text, call


def as_factory(name: str, parameter: str, body: list[str], source: random.Random) -> tuple[str, str | None]:
    inner = source.choice(["checked", "dependency", f"{name}_inner"])
    text = f"def {name}(role: str = 'user'):\n    def {inner}({parameter}):\n{indented(body, 2)}\n\n    return {inner}\n"
    return text, source.choice(["'admin'", "role='owner'", ""])


def as_instance(name: str, parameter: str, body: list[str], source: random.Random) -> tuple[str, str | None]:
    kind = "".join(part.title() for part in name.split("_"))
    signature = f"self, {parameter}" if parameter else "self"
    text = f"class {kind}:\n    def __init__(self, role: str = 'user') -> None:\n        self.role = role\n\n"
    return text + f"    def __call__({signature}):\n{indented(body, 2)}\n\n\n{name} = {kind}('admin')\n", None


STYLES = {"function": as_function, "async": as_async, "factory": as_factory, "instance": as_instance}
