"""Notes which middleware, dependencies and handlers run for a request, in order, and which credentials they read.

The hooks sit where the frameworks themselves call these functions, so the applications are not changed.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fastapi.dependencies.utils as dependency_utils
import fastapi.routing as fastapi_routing
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import HTTPConnection

try:
    from starlette.middleware.sessions import Session
except ImportError:  # Before Starlette 1.0 the session was a plain dictionary.
    Session = None  # type: ignore[assignment, misc]

CREDENTIAL_HEADERS = {"authorization", "x-api-key", "x-auth-token", "x-access-token", "x-token"}
CREDENTIAL_COOKIE = re.compile(r"^(token|session|session_id|sid|auth|access_?token|refresh_?token|jwt|user)$", re.I)
FRAMEWORK_MIDDLEWARE = {
    "ServerErrorMiddleware",
    "ExceptionMiddleware",
    "AsyncExitStackMiddleware",
    "ExceptionTelemetryMiddleware",
    "AppBodyLimitMiddleware",
    "RequestBodyLimitMiddleware",
}


class Trace:
    """What one request made run."""

    def __init__(self) -> None:
        self.ran: list[Any] = []
        self.seen: set[Any] = set()
        self.reads: set[str] = set()
        self.handlers: list[Any] = []
        self.stopped_at: Any = None


current = Trace()


def begin() -> Trace:
    """Starts the trace of the next request; requests are sent one after the other."""
    global current
    current = Trace()
    return current


def install() -> None:
    """Puts the hooks in place; once for each process, before any application is imported."""
    trace_dependencies()
    trace_handlers()
    trace_middleware()
    trace_reads()


def trace_dependencies() -> None:
    """Hooks the last thing that `solve_dependencies` asks about a dependency before it runs."""
    if not hasattr(dependency_utils, "_get_cache_key"):
        trace_dependencies_older()
        return
    original = dependency_utils._get_cache_key

    def traced(*, dependant: Any, **rest: Any) -> Any:
        key = original(dependant=dependant, **rest)
        if not dependant.use_cache or key not in current.seen:
            current.seen.add(key)
            current.ran.append(dependant.call)
        return key

    dependency_utils._get_cache_key = traced


def trace_dependencies_older() -> None:
    """Before FastAPI 0.123 a dependency that is not in the cache is first asked whether it is a generator."""
    original = dependency_utils.is_gen_callable

    def traced(call: Any) -> bool:
        if sys._getframe(1).f_code.co_name == "solve_dependencies":
            current.ran.append(call)
        return original(call)

    dependency_utils.is_gen_callable = traced


def trace_handlers() -> None:
    """The frame around an endpoint is opened for HTTP and WebSocket endpoints alike; older versions have none."""
    run = fastapi_routing.run_endpoint_function
    newer = hasattr(fastapi_routing, "_operation")

    async def traced_run(*, dependant: Any, values: Any, is_coroutine: bool) -> Any:
        if not is_coroutine or not newer:
            current.handlers.append(dependant.call)
        return await run(dependant=dependant, values=values, is_coroutine=is_coroutine)

    fastapi_routing.run_endpoint_function = traced_run
    if not newer:
        return
    original = fastapi_routing._operation

    def traced(*, name: str, function: Any, **rest: Any) -> Any:
        if name == "endpoint":
            current.handlers.append(function)
        return original(name=name, function=function, **rest)

    fastapi_routing._operation = traced


def trace_socket(dependant: Any) -> None:
    """Makes the handler of a WebSocket route of an older version tell that it starts."""
    function = dependant.call
    if hasattr(fastapi_routing, "_operation") or getattr(function, "is_traced", False):
        return

    async def traced(**values: Any) -> None:
        current.handlers.append(function)
        await function(**values)

    traced.is_traced = True  # type: ignore[attr-defined]
    dependant.call = traced


class TracedMiddleware:
    """Stands before a middleware and notes that it runs."""

    def __init__(self, inner: Any, subject: Any) -> None:
        self.inner = inner
        self.subject = subject

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        passes_through = isinstance(self.inner, BaseHTTPMiddleware) and scope["type"] != "http"
        if scope["type"] in ("http", "websocket") and not passes_through:
            current.ran.append(self.subject)
        await self.inner(scope, receive, send)


def trace_middleware() -> None:
    def traced(self: Middleware) -> Iterator[Any]:
        if getattr(self.cls, "__name__", "") in FRAMEWORK_MIDDLEWARE:
            return iter((self.cls, self.args, self.kwargs))
        cls = self.cls

        def make(app: Any, *args: Any, **kwargs: Any) -> Any:
            return TracedMiddleware(cls(app, *args, **kwargs), middleware_subject(self))

        return iter((make, self.args, self.kwargs))

    Middleware.__iter__ = traced  # type: ignore[method-assign]


def middleware_subject(middleware: Middleware) -> Any:
    """A function given to `app.middleware("http")` is the middleware; its wrapper class is not."""
    if middleware.cls is BaseHTTPMiddleware:
        return middleware.kwargs.get("dispatch") or (middleware.args[0] if middleware.args else middleware.cls)
    return middleware.cls


def trace_reads() -> None:
    watch(Headers, ("__getitem__", "getlist", "__contains__"), note_header)
    watch(Session or WatchedSession, ("__getitem__", "get", "__contains__", "pop"), note_session)
    if Session is None:
        HTTPConnection.session = property(watched_session)  # type: ignore[assignment, method-assign]
    cookies = HTTPConnection.cookies.fget
    assert cookies is not None

    def watched(self: HTTPConnection) -> dict[str, str]:
        return WatchedCookies(cookies(self))

    HTTPConnection.cookies = property(watched)  # type: ignore[assignment, method-assign]


class WatchedSession(dict[str, Any]):
    """The session of a request of an older Starlette."""


def watched_session(connection: HTTPConnection) -> WatchedSession:
    session = connection.scope["session"]
    if not isinstance(session, WatchedSession):
        session = connection.scope["session"] = WatchedSession(session)
    return session


class WatchedCookies(dict[str, str]):
    """The cookies of a request; tells when a credential among them is read."""


def watch(cls: type, methods: tuple[str, ...], note: Callable[[str], None]) -> None:
    for method in methods:
        original = getattr(cls, method)

        def watched(self: Any, key: Any, *rest: Any, _original: Any = original) -> Any:
            if isinstance(key, str):
                note(key)
            return _original(self, key, *rest)

        setattr(cls, method, functools.wraps(original)(watched))


def note_header(key: str) -> None:
    if key.lower() in CREDENTIAL_HEADERS:
        current.reads.add(f"header {key.lower()}")


def note_session(key: str) -> None:
    current.reads.add(f"session {key}")


def note_cookie(key: str) -> None:
    reader = sys._getframe(2).f_globals.get("__name__", "")
    if CREDENTIAL_COOKIE.match(key) and reader != "starlette.middleware.sessions":
        current.reads.add(f"cookie {key}")


watch(WatchedCookies, ("__getitem__", "get", "__contains__"), note_cookie)


def describe(subject: Any, root: Path) -> dict[str, Any]:
    """Describes a layer: its name, then either the application's file and line or the package it comes from.

    An instance with `__call__` has the name of its class, and as aliases the variables that hold it.
    """
    while isinstance(subject, functools.partial):
        subject = subject.func
    subject = getattr(subject, "__func__", subject)
    aliases: list[str] = []
    if not (inspect.isfunction(subject) or inspect.isclass(subject)):
        instance, subject = subject, type(subject)
        home = vars(sys.modules.get(subject.__module__, sys))
        aliases = sorted(name for name, value in home.items() if value is instance)
    name = subject.__name__ if subject.__name__ != "<lambda>" else None
    module = sys.modules.get(subject.__module__)
    file = Path(getattr(module, "__file__", None) or "/")
    if not file.is_relative_to(root):
        return {"name": name, "package": subject.__module__.split(".")[0]}
    place = {"file": file.relative_to(root).as_posix(), "line": line_of(subject)}
    return {"name": name, **place, **({"aliases": aliases} if aliases else {})}


@functools.cache
def line_of(subject: Any) -> int:
    """The line of `def` or `class`, below the decorators."""
    try:
        lines, start = inspect.getsourcelines(subject)
    except (OSError, TypeError):
        return 0
    for offset, line in enumerate(lines):
        if re.match(r"\s*(async\s+def|def|class)\s", line):
            return start + offset
    return start
