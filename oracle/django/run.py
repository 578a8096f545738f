"""Runs Django projects and records what they do with requests.

    run.py APP               prints the record of one project
    run.py --batch DIR       writes DIR/*/recorded.json
    run.py --check DIR       compares instead; exit status 1 on any difference

A project is a folder with `settings.py` that says `ROOT_URLCONF`. Each runs in a process of its own, with a
database in memory that holds one user, `good`, who may do everything, and one record of each model that is his.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
LOGIN = ("/accounts/login/", "/login/", "/admin/login/")


class Tracer:
    """What is seen while one request runs."""

    def note(self, place: dict[str, Any]) -> None:
        """Notes a layer; one that a function of the project calls in its own way is inside of that."""
        is_inside = is_called_by_view(self, sys._getframe(2))
        self.layers.append({**place, "inside": True} if is_inside else place)

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.start()

    def start(self) -> None:
        self.layers: list[dict[str, Any]] = []
        self.reads = self.offered = False
        self.ran: set[Any] = set()
        self.methods: set[str] = set()

    def look(self, frame: Any) -> None:
        """Notes that a credential is looked at; what an authentication of REST framework finds may interest nobody."""
        while frame is not None:
            if frame.f_code.co_name == "_authenticate" and "rest_framework" in frame.f_code.co_filename:
                self.offered = True
                return
            frame = frame.f_back
        self.reads = True

    def is_own(self, frame: Any) -> bool:
        return frame is not None and frame.f_code.co_filename.startswith(self.root)

    def place(self, thing: Any) -> dict[str, Any]:
        """The name of a function or class, with its place if it is the project's own."""
        thing = getattr(thing, "__wrapped__", thing)
        name = getattr(thing, "__name__", type(thing).__name__)
        code = getattr(thing, "__code__", None)
        module = sys.modules.get(getattr(thing, "__module__", ""), None)
        file = getattr(module, "__file__", "") or ""
        if not file.startswith(self.root):
            return {"name": name, "package": getattr(thing, "__module__", "django").split(".")[0]}
        line = code.co_firstlineno if code else line_of_class(file, name)
        return {"name": name, "file": os.path.relpath(file, self.root), "line": line}


def line_of_class(file: str, name: str) -> int:
    for number, line in enumerate(Path(file).read_text().splitlines(), 1):
        if re.match(rf"class {name}\b", line):
            return number
    return 0


class Method(str):
    """The method of a request, which tells what the project compares it with."""

    tracer: Tracer

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str) and self.tracer.is_own(sys._getframe(1)) and is_in_view(sys._getframe(1)):
            self.tracer.methods.add(str(other))
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def is_in_view(frame: Any) -> bool:
    """Holds below the view of a request: what middleware asks is not what the view tells apart."""
    while frame.f_back is not None and frame.f_back.f_code.co_name not in ("_get_response", "_get_response_async"):
        frame = frame.f_back
    return frame.f_back is not None and frame.f_code.co_name != "process_view"


def is_called_by_view(tracer: Tracer, frame: Any) -> bool:
    """Holds if a function of the project stands between the framework and what is noted."""
    while frame is not None and frame.f_code.co_name not in ("_get_response", "_get_response_async"):
        if tracer.is_own(frame):
            return True
        frame = frame.f_back
    return False


# What counts as a credential, wherever it is kept.
CREDENTIALS = ("authorization", "x-api-key", "http_authorization", "http_x_api_key", "token", "sessionid", "user", "user_id")


def note_reads(tracer: Tracer, cls: type, names: tuple[str, ...]) -> None:
    """Lets the look-ups of a mapping tell which credentials the project looks at."""
    for name in names:
        real = getattr(cls, name)

        def look(self: Any, key: Any, *rest: Any, real: Any = real) -> Any:
            frame = sys._getframe(1)
            while frame and frame.f_code.co_filename.endswith(("_collections_abc.py", "<frozen _collections_abc>", "django/http/request.py")):
                frame = frame.f_back
            if str(key).lower() in CREDENTIALS and tracer.is_own(frame):
                tracer.look(frame)
            return real(self, key, *rest)

        setattr(cls, name, look)


class Looked(dict):  # type: ignore[type-arg]
    """A dictionary whose look-ups are noted."""


def patch_reads(tracer: Tracer) -> None:
    from django.contrib.sessions.backends.base import SessionBase
    from django.core.handlers.wsgi import WSGIRequest
    from django.http.request import HttpHeaders

    note_reads(tracer, HttpHeaders, ("__getitem__",))
    note_reads(tracer, SessionBase, ("__getitem__", "get", "__contains__"))
    note_reads(tracer, Looked, ("__getitem__", "get", "__contains__"))
    cookies = WSGIRequest.COOKIES.func

    def get(self: Any) -> Any:
        return Looked(cookies(self))

    WSGIRequest.COOKIES.func = WSGIRequest.COOKIES.real_func = get


def patch(tracer: Tracer) -> None:
    """Lets the framework tell what it runs; before the routes and views are loaded."""
    import django.contrib.auth.decorators as decorators
    import django.contrib.auth.middleware as auth
    import django.contrib.auth.mixins as mixins
    import django.core.handlers.base as base
    from django.core.handlers.wsgi import WSGIRequest

    Method.tracer = tracer
    real_import = base.import_string

    def import_string(dotted: str) -> Any:
        factory = real_import(dotted)

        def make(get_response: Any) -> Any:
            layer = factory(get_response)
            place = tracer.place(factory)

            def run(request: Any) -> Any:
                tracer.layers.append(place)
                return layer(request)

            for hook in ("process_view", "process_exception", "process_template_response"):
                if hasattr(layer, hook):
                    setattr(run, hook, getattr(layer, hook))
            return run

        make.sync_capable, make.async_capable = True, False
        return make

    base.import_string = import_string
    real_get_user = auth.get_user

    def get_user(request: Any) -> Any:
        frame = sys._getframe(1)
        while frame and ("django/utils/functional" in frame.f_code.co_filename or "auth/middleware" in frame.f_code.co_filename):
            frame = frame.f_back
        tracer.reads |= tracer.is_own(frame)
        return real_get_user(request)

    auth.get_user = get_user
    real_test = decorators.user_passes_test

    def user_passes_test(test: Any, *rest: Any, **options: Any) -> Any:
        name = sys._getframe(1).f_code.co_name
        name = name if name in ("login_required", "permission_required", "staff_member_required") else "user_passes_test"
        place = {"name": name, "package": "django"}

        def noted(user: Any) -> Any:
            tracer.note(place)
            return test(user)

        return real_test(noted, *rest, **options)

    decorators.user_passes_test = user_passes_test
    import django.contrib.admin.views.decorators as admin

    admin.user_passes_test = user_passes_test
    for mixin in (mixins.LoginRequiredMixin, mixins.UserPassesTestMixin, mixins.PermissionRequiredMixin):
        note_mixin(tracer, mixin)
    real_init = WSGIRequest.__init__

    def init(self: Any, environ: Any) -> None:
        real_init(self, environ)
        self.method = Method(self.method)
        self.META = Looked(self.META)

    WSGIRequest.__init__ = init
    patch_reads(tracer)
    patch_rest(tracer)


def note_mixin(tracer: Tracer, mixin: Any) -> None:
    real = mixin.dispatch
    place = {"name": mixin.__name__, "package": "django"}

    def dispatch(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        tracer.note(place)
        return real(self, request, *args, **kwargs)

    mixin.dispatch = dispatch


def patch_rest(tracer: Tracer) -> None:
    from rest_framework.permissions import AllowAny
    from rest_framework.request import Request
    from rest_framework.views import APIView

    real = APIView.check_permissions

    def check_permissions(self: Any, request: Any) -> None:
        get = self.get_permissions
        held = []
        for permission in get():
            if type(permission) is not AllowAny:
                held.append((permission, tracer.place(type(permission))))
        wrapped = []
        for permission, place in held:
            is_composed = type(permission).__name__ in ("AND", "OR", "NOT")
            wrapped.append(Noted(tracer, permission, {"name": None, "package": "rest_framework"} if is_composed else place))
        self.get_permissions = lambda: wrapped
        try:
            real(self, request)
        finally:
            del self.get_permissions

    APIView.check_permissions = check_permissions
    user = Request.user

    def get(self: Any) -> Any:
        frame = sys._getframe(1)
        tracer.reads |= tracer.is_own(frame)
        tracer.offered |= frame.f_code.co_filename.endswith("rest_framework/permissions.py")
        return user.fget(self)

    Request.user = property(get, user.fset)


class Noted:
    """A permission that tells when it is asked."""

    def __init__(self, tracer: Tracer, permission: Any, place: dict[str, Any]) -> None:
        self.tracer, self.permission, self.place = tracer, permission, place

    def has_permission(self, request: Any, view: Any) -> Any:
        self.tracer.note(self.place)
        return self.permission.has_permission(request, view)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.permission, name)


def template(pattern: Any) -> str:
    """A pattern as an OpenAPI template; written apart from firedoor, by the pattern's own parts."""
    text = str(pattern)
    if type(pattern).__name__ == "RoutePattern":
        text = re.sub(r"<path:(\w+)>", r"{\1*}", text)
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)
    text = text.removeprefix("^").removesuffix("$").removesuffix(r"\Z").replace("\\.", ".")
    text = re.sub(r"\(\?P<(\w+)>\.[*+]\)", r"{\1*}", text)
    text = re.sub(r"\(\?P<(\w+)>(?:[^()\[\]]|\[[^\]]*\])*\)", r"{\1}", text)
    return text.replace("/?", "/")


def routes(resolver: Any, prefix: str = "") -> list[tuple[str, Any]]:
    found = []
    for entry in resolver.url_patterns:
        path = prefix + template(entry.pattern)
        if hasattr(entry, "url_patterns"):
            if entry.app_name == "admin":
                found.append((f"{path}{{path*}}", "admin"))
                continue
            found += routes(entry, path)
        elif "{format}" not in path and "drf_format" not in path:
            found.append((path, entry.callback))
    return found


def sample(path: str) -> str:
    filled = re.sub(r"\{\w+\*\}", "good", path)
    return "/" + re.sub(r"\{(\w+)\}", lambda match: "1", filled)


def settle(root: Path) -> None:
    """One user who may do everything, and one record of each model that is his."""
    from django.apps import apps
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    user = get_user_model().objects.create_superuser(username="good", email="good@example.org", password="good")
    for name in ("role",):
        if hasattr(user, name):
            setattr(user, name, "admin")
    user.save()
    for model in apps.get_models():
        file = getattr(sys.modules[model.__module__], "__file__", "") or ""
        if file.startswith(str(root)) and model is not get_user_model():
            model.objects.create(**{field.name: value(field, user) for field in model._meta.fields if is_filled(field)})


def is_filled(field: Any) -> bool:
    return not field.auto_created and not getattr(field, "auto_now_add", False)


def value(field: Any, user: Any) -> Any:
    kind = field.get_internal_type()
    if kind in ("ForeignKey", "OneToOneField"):
        related = field.related_model
        return user if isinstance(user, related) else related.objects.first()
    if kind == "BooleanField":
        return True
    if "Integer" in kind:
        return 1
    return "good"


def clients(token: str | None) -> dict[str, Any]:
    from django.contrib.auth import get_user_model
    from django.test import Client

    none = Client(raise_request_exception=False)
    forged = Client(raise_request_exception=False, headers={"Authorization": "Bearer bad", "X-API-Key": "bad"})
    forged.cookies["sessionid"] = "bad"
    forged.cookies["token"] = "bad"
    headers = {"Authorization": f"{token or 'Bearer good'}", "X-API-Key": "good"}
    good = Client(raise_request_exception=False, headers=headers)
    good.cookies["token"] = "good"
    if token is None:
        good.cookies["sessionid"] = session_key()
    return {"none": none, "forged": forged, "good": good}


SESSIONS: list[str] = []


def session_key() -> str:
    """A session in which the user is logged in; one for all requests, as long as none of them ends it."""
    from django.contrib.auth import get_user_model
    from django.contrib.sessions.models import Session
    from django.test import Client

    if not SESSIONS or not Session.objects.filter(session_key=SESSIONS[0]).exists():
        client = Client()
        client.force_login(get_user_model().objects.get(username="good"))
        session = client.session
        session.update({"user": "good", "user_id": 1})
        session.save()
        SESSIONS[:] = [client.cookies["sessionid"].value]
    return SESSIONS[0]


def is_refused(response: Any) -> bool:
    if response.status_code in (301, 302):
        return response.headers.get("Location", "").startswith(LOGIN)
    return response.status_code in (401, 403)


def send(tracer: Tracer, client: Any, method: str, path: str, body: Any) -> Any:
    tracer.start()
    code = tracer.ran

    def profile(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(tracer.root):
            code.add(frame.f_code)

    sys.setprofile(profile)
    try:
        if method in ("GET", "DELETE"):
            return getattr(client, method.lower())(path)
        return getattr(client, method.lower())(path, body or {}, content_type="application/json")
    finally:
        sys.setprofile(None)


def innermost(function: Any) -> Any:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def handler_of(callback: Any, method: str) -> tuple[str, Any]:
    """The name and the code of what answers."""
    cls = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    actions = getattr(callback, "actions", None)
    if cls is None or cls.__name__ == "WrappedAPIView":
        function = innermost(callback)
        if cls is not None:
            function = innermost(cls.get if not hasattr(cls, method.lower()) else getattr(cls, method.lower()))
            function = dict(zip(function.__code__.co_freevars, [cell.cell_contents for cell in function.__closure__ or ()])).get("func", function)
        return callback.__name__, getattr(innermost(function), "__code__", None)
    name = (actions or {}).get(method.lower(), method.lower())
    function = innermost(getattr(cls, name))
    return f"{cls.__name__}.{name}", getattr(function, "__code__", None)


def methods_of(tracer: Tracer, callback: Any, path: str, client: Any, bodies: dict[str, Any]) -> list[str]:
    cls = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    if cls is not None:
        actions = getattr(callback, "actions", None)
        options = {**getattr(callback, "view_initkwargs", {}), **getattr(callback, "initkwargs", {})}
        allowed = options.get("http_method_names") or cls.http_method_names
        names = actions or {name.lower(): name for name in METHODS if hasattr(cls, name.lower())}
        return [name for name in METHODS if name.lower() in names and name.lower() in allowed]
    statuses = {}
    told = set()
    for method in METHODS:
        statuses[method] = send(tracer, client, method, path, bodies.get("body")).status_code
        told |= tracer.methods
    if 405 in statuses.values():
        return [method for method in METHODS if statuses[method] != 405]
    told &= set(METHODS)
    return sorted(told | {"GET"}) if told else ["ANY"]


def record(root: Path) -> dict[str, Any]:
    sys.path.insert(0, str(root))
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    questions = json.loads((root / "oracle.json").read_text()) if (root / "oracle.json").exists() else {}
    tracer = Tracer(root)
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    import django

    django.setup()
    patch(tracer)
    from django.urls import get_resolver

    settle(root)
    entries: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    token = valid_token() if questions.get("token") else None
    for path, callback in routes(get_resolver()):
        if callback == "admin":
            entries.append(admin_entry(tracer, path, token))
            continue
        asked = questions.get("requests", {}).get(f"/{path}", {})
        url = asked.get("url", sample(path))
        for method in methods_of(tracer, callback, url, clients(token)["good"], asked):
            identity = f"{method} /{path}".replace("//", "/")
            if any(entry["id"] == identity for entry in entries):
                continue
            entries.append(entry(tracer, identity, callback, url, asked, token))
            known += [layer for layer in entries[-1]["layers"] if layer not in known]
    entries += sockets(root, questions)
    return {
        "schema": "firedoor.oracle/1",
        "framework": "django",
        "version": django.__version__,
        "environments": [{}],
        "entry_points": entries,
        "known_layers": known,
    }


def valid_token() -> str:
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.get(username="good")
    from rest_framework_simplejwt.tokens import AccessToken

    return f"Bearer {AccessToken.for_user(user)}"


def entry(tracer: Tracer, identity: str, callback: Any, url: str, asked: Any, token: Any) -> dict[str, Any]:
    method = identity.split(" ")[0]
    real = "GET" if method == "ANY" else method
    name, code = handler_of(callback, real)
    seen, authentication, accept = judged(tracer, real, url, asked, token)
    layers = tracer.layers
    # A view of a library has answered where the answer is none of a failure.
    reached = code in tracer.ran if code and code.co_filename.startswith(tracer.root) else seen["good"].status_code < 400
    if method == "ANY":
        accept |= judged(tracer, "POST", url, asked, token)[2]
    made = {
        "id": identity,
        "layers": layers,
        "handler": name,
        "reached": reached,
        "authentication": authentication,
        "status": {who: response.status_code for who, response in seen.items()},
    }
    if "enforced" in accept and len(accept) > 1:
        # It depends on the method, which the entry point leaves open.
        accept |= {"conditional", "observed"}
    if len(accept) > 1 and authentication is not None:
        made["accept"] = sorted(accept)
    if not reached:
        made["reason"] = "no-sample"
    return made


def judged(tracer: Tracer, method: str, url: str, asked: Any, token: Any) -> tuple[dict[str, Any], str | None, set[str]]:
    """Sends the three requests; returns their answers, the verdict, and all that count as right."""
    from django.db import transaction

    seen: dict[str, Any] = {}
    reads = offered = False
    for who in ("none", "forged", "good"):
        # What one request changes is taken back before the next.
        with transaction.atomic():
            seen[who] = send(tracer, clients(token)[who], method, url, asked.get("body"))
            transaction.set_rollback(True)
        if who != "good":
            reads |= tracer.reads
            offered |= tracer.offered
    refused = {who: is_refused(response) for who, response in seen.items()}
    if refused["none"] and refused["forged"]:
        verdict = "enforced" if not refused["good"] else None
        return seen, verdict, {verdict} if verdict else set()
    if reads:
        return seen, "observed", {"observed"}
    # Some library has looked where who is known is treated otherwise.
    is_open = offered or refused["good"] or refused["forged"]
    return seen, "absent", {"absent", "observed"} if is_open else {"absent"}


def admin_entry(tracer: Tracer, path: str, token: Any) -> dict[str, Any]:
    url = "/" + path.replace("{path*}", "auth/")
    statuses = {who: is_refused(send(tracer, client, "GET", url, None)) for who, client in clients(token).items()}
    guarded = statuses["none"] and statuses["forged"]
    return {
        "id": f"ANY /{path}",
        "layers": [],
        "layers_known": False,
        "handler": "admin",
        "reached": True,
        "authentication": "enforced" if guarded else "absent",
        "status": {},
    }


async def is_closed(talk: Any) -> bool:
    """Holds if the connection is closed again as soon as it was accepted."""
    while not await talk.receive_nothing(timeout=0.05):
        if (await talk.receive_output(timeout=1))["type"] == "websocket.close":
            return True
    return False


def sockets(root: Path, questions: dict[str, Any]) -> list[dict[str, Any]]:
    if not (root / "asgi.py").exists():
        return []
    import asyncio
    import importlib

    import types

    # The live server of `channels.testing` wants Daphne; its communicator does not.
    sys.modules.setdefault("daphne", types.ModuleType("daphne"))
    sys.modules.setdefault("daphne.testing", types.SimpleNamespace(DaphneProcess=None))  # type: ignore[arg-type]
    from channels.routing import URLRouter
    from channels.testing import WebsocketCommunicator

    application = importlib.import_module("asgi").application
    inner = application.application_mapping["websocket"]
    while not isinstance(inner, URLRouter):
        inner = getattr(inner, "application", None) or getattr(inner, "inner", None) or inner.app
    good = clients(None)["good"].cookies["sessionid"].value

    async def ask(url: str, cookie: str | None) -> bool:
        headers = [(b"origin", b"http://localhost"), (b"host", b"localhost")]
        if cookie:
            headers.append((b"cookie", f"sessionid={cookie}; token=bad".encode()))
        talk = WebsocketCommunicator(application, url, headers=headers)
        try:
            connected, _ = await talk.connect(timeout=5)
            if connected and await is_closed(talk):
                return False
            await talk.disconnect()
        except Exception:  # noqa: BLE001
            return False
        return connected

    entries = []
    for route in inner.routes:
        path = template(route.pattern)
        url = sample(path)
        asked = questions.get("websockets", {}).get(f"/{path}", {})
        outcome = {
            "none": asyncio.run(ask(url, None)),
            "forged": asyncio.run(ask(url + asked.get("forged", ""), "bad")),
            "good": asyncio.run(ask(url + asked.get("valid", ""), good)),
        }
        guarded = not outcome["none"] and not outcome["forged"] and outcome["good"]
        entries.append({
            "id": f"WS /{path}",
            "layers": [],
            "layers_known": False,
            "handler": route.callback.consumer_class.__name__,
            "reached": outcome["good"],
            "authentication": "enforced" if guarded else "absent",
            "accept": ["enforced"] if guarded else ["absent", "observed"],
            "status": outcome,
        })
    return entries


def run(root: Path) -> dict[str, Any] | None:
    done = subprocess.run([sys.executable, __file__, str(root)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{root}: {done.stderr[-3000:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout)


def main(arguments: list[str]) -> int:
    if len(arguments) == 1 and not arguments[0].startswith("-"):
        print(json.dumps(record(Path(arguments[0]).resolve())))
        return 0
    mode, folder = arguments
    roots = sorted(path.parent for path in Path(folder).glob("*/settings.py"))
    status = 0
    with ThreadPoolExecutor(2) as pool:
        for root, made in zip(roots, pool.map(run, roots), strict=True):
            if made is None:
                status = 1
                continue
            text = json.dumps(made, indent=1) + "\n"
            file = root / "recorded.json"
            if mode == "--check" and file.read_text() != text:
                print(f"{root}: the framework does something else now")
                status = 1
            if mode == "--batch":
                file.write_text(text)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
