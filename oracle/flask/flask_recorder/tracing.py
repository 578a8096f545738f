"""Notes which functions run for a request, and which credentials are read."""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Request
from flask.sessions import SecureCookieSession
from werkzeug.datastructures import EnvironHeaders, ImmutableMultiDict

HEADERS = ("authorization", "api-key", "apikey", "token", "x-auth", "session")
# What extensions keep in a session for themselves.
OWN_KEYS = ("_flashes", "csrf_token", "_remember", "_remember_seconds", "_permanent", "next")
reads: list[str] = []


def read(kind: str, name: object) -> None:
    text = str(name).lower()
    if kind == "header" and not any(word in text for word in HEADERS):
        return
    if kind == "session" and (text in OWN_KEYS or "flask_socketio" in sys._getframe(2).f_code.co_filename):
        return
    entry = f"{kind} {text}"
    if entry not in reads:
        reads.append(entry)


class Cookies(ImmutableMultiDict):
    """Cookies that say when they are looked at."""

    def get(self, key: str, *rest: Any, **options: Any) -> Any:
        read("cookie", key)
        return super().get(key, *rest, **options)

    def __getitem__(self, key: str) -> Any:
        read("cookie", key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        read("cookie", key)
        return super().__contains__(key)


def install() -> None:
    """Puts the observers on the classes of the framework."""
    watch(EnvironHeaders, "__getitem__", "header")
    watch(EnvironHeaders, "get", "header")
    watch(EnvironHeaders, "__contains__", "header")
    for name in ("__getitem__", "get", "__contains__", "pop"):
        watch(SecureCookieSession, name, "session")
    real = Request.cookies.func if hasattr(Request.cookies, "func") else Request.cookies.fget

    def cookies(self: Request) -> Any:
        found = real(self)
        caller = sys._getframe(1).f_code.co_filename
        return found if "sessions.py" in caller else Cookies(found)

    Request.cookies = property(cookies)


def watch(owner: type, name: str, kind: str) -> None:
    real = getattr(owner, name)

    def watched(self: Any, key: Any, *rest: Any, **options: Any) -> Any:
        read(kind, key)
        return real(self, key, *rest, **options)

    setattr(owner, name, watched)


hooks: list[Any] = []


def noting(hook: Any) -> Any:
    """Wraps a hook, so that it is known when it runs as one."""

    @functools.wraps(hook, updated=())
    def noted(*arguments: Any, **options: Any) -> Any:
        hooks.append(hook)
        return hook(*arguments, **options)

    if inspect.iscoroutinefunction(hook):
        return inspect.markcoroutinefunction(noted) if hasattr(inspect, "markcoroutinefunction") else hook
    return noted


class Trace:
    """The functions of interest that ran, and the hooks in order."""

    def __init__(self, wanted: set[Any]) -> None:
        self.wanted = wanted
        self.ran: list[Any] = []
        self.reads: list[str] = []
        self.hooks: list[Any] = []

    def __enter__(self) -> Trace:
        reads.clear()
        hooks.clear()
        sys.setprofile(self.note)
        threading.setprofile(self.note)
        return self

    def note(self, frame: Any, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_code in self.wanted and frame.f_code not in self.ran:
            self.ran.append(frame.f_code)

    def __exit__(self, *_error: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)
        self.reads = list(reads)
        self.hooks = list(dict.fromkeys(hooks))


def function_of(value: Any) -> Callable[..., Any] | None:
    """Gives the function of the program that a wrapper, method or instance is about."""
    value = inspect.unwrap(value) if callable(value) else value
    if inspect.ismethod(value):
        value = value.__func__
    if not inspect.isfunction(value) and hasattr(type(value), "__call__"):
        value = getattr(type(value).__call__, "__func__", type(value).__call__)
    return value if inspect.isfunction(value) else None


def describe(value: Any, root: Path) -> dict[str, Any]:
    """Says what a function is called and where it stands."""
    function = function_of(value)
    if function is None:
        return {"name": getattr(value, "__name__", None), "package": type(value).__module__.split(".")[0]}
    file = Path(function.__code__.co_filename)
    if root not in file.parents:
        return {"name": function.__name__, "package": (function.__module__ or "").split(".")[0]}
    if not inspect.isfunction(inspect.unwrap(value)) and not inspect.ismethod(value):
        kind = type(value)
        module = sys.modules.get(kind.__module__)
        names = [name for name, held in vars(module).items() if held is value] if module else []
        return {"name": "__call__", "file": str(file.relative_to(root)), "line": first_line(function), "aliases": names}
    return {"name": function.__name__, "file": str(file.relative_to(root)), "line": first_line(function)}


def first_line(function: Any) -> int:
    """The line of `def`, below the decorators."""
    try:
        lines, start = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return function.__code__.co_firstlineno
    for offset, line in enumerate(lines):
        if line.lstrip().startswith(("def ", "async def ", "lambda")):
            return start + offset
    return start
