"""Writes random Flask applications, the same for the same seed.

    generate.py SEED COUNT DIR

Blueprints nested up to four deep, prefixes at creation and registration, hooks and decorators that refuse, look, fail
open or depend on the environment, in any order and on every level. Names say nothing; what is true is recorded.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

NAMES = """current_user require_user get_user authenticate check_token protect verify_access d7 gate load_context ensure_session sentry
with_identity step_one only_members inspect_request attach policy touch tenant""".split()

KNOWN = [
    "request.headers.get('Authorization') == 'Bearer good'",
    "request.headers.get('X-API-Key', '') == 'good'",
    "request.cookies.get('token') == 'good'",
    "session.get('user') is not None",
    "'user_id' in session",
    "USERS.get((request.headers.get('Authorization') or '').removeprefix('Bearer '))",
    "read_token() in USERS",
    "known_user()",
]

REFUSALS = [
    "abort(401)",
    "abort(403, 'not for you')",
    "raise Unauthorized('sign in')",
    "raise Forbidden",
    "raise NotSignedIn('who?')",
    "return jsonify(error='no'), 401",
    "return 'no', 403",
    "return {'error': 'no'}, 401",
    "return refused()",
    "return redirect('/sign-in')",
    "return redirect(url_for('sign_in'))",
    "return make_response('no', 401)",
    "return Response('no', status=403)",
]

HELPERS = '''"""What guards share."""

import os
from functools import wraps

from flask import Response, abort, g, jsonify, make_response, redirect, request, session, url_for
from werkzeug.exceptions import Forbidden, HTTPException, Unauthorized

USERS = {"good": 7}


class NotSignedIn(HTTPException):
    code = 401


def refused():
    return jsonify(error="sign in"), 401


def read_token():
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def known_user():
    return USERS.get(request.cookies.get("token"))


def verify(header):
    if header != "Bearer good":
        raise ValueError("bad token")
    return 7
'''


def body_of(source: random.Random, done: str) -> list[str]:
    """The body of a guard; `done` is what it does once it lets the request on."""
    known = source.choice(KNOWN)
    refusal = source.choice(REFUSALS)
    header = "request.headers.get('Authorization')"
    thrown = source.choice(["abort(401)", "raise Unauthorized() from error", "return refused()"])
    choices = [
        (5, [f"if not ({known}):", f"    {refusal}", done]),
        (2, [f"if {known}:", f"    {done}", refusal]),
        (1, [f"allowed = bool({known})", "if allowed is False:", f"    {refusal}", done]),
        (2, ["try:", f"    g.user = verify({header})", "except ValueError as error:", f"    {thrown}", done]),
        (2, ["try:", f"    g.user = verify({header})", "except ValueError:", "    g.user = None", done]),
        (1, ["if os.environ.get('APP_ENV') == 'test':", f"    {done}", f"if not ({known}):", f"    {refusal}", done]),
        (1, [f"g.user = 7 if {known} else None", done]),
        (2, ["g.page = request.args.get('page', 1)", done]),
        (1, ["if request.method == 'GET':", f"    {done}", f"if not ({known}):", f"    {refusal}", done]),
        (1, ["if request.endpoint in ('home', 'sign_in'):", f"    {done}", f"if not ({known}):", f"    {refusal}", done]),
    ]
    return source.choices([lines for _, lines in choices], weights=[weight for weight, _ in choices])[0]


def indented(lines: list[str], depth: int) -> str:
    return "\n".join("    " * depth + line for line in lines)


def guard_module(source: random.Random) -> tuple[str, list[str], list[str]]:
    """The text of `guards.py`, the expressions for hooks, and those for decorators."""
    parts = [HELPERS]
    hooks: list[str] = []
    decorators: list[str] = []
    names = source.sample(NAMES, source.randint(4, 8))
    for index, name in enumerate(names):
        kind = "hook" if index == 0 else "decorator" if index == 1 else source.choice(["hook", "decorator", "factory", "instance", "made"])
        if kind == "hook":
            parts.append(f"def {name}():\n{indented(body_of(source, 'return None'), 1)}\n")
            hooks.append(name)
        elif kind == "instance":
            title = "".join(part.title() for part in name.split("_"))
            parts.append(f"class {title}:\n    def __call__(self):\n{indented(body_of(source, 'return None'), 2)}\n\n\n{name} = {title}()\n")
            hooks.append(name)
        elif kind == "made":
            parts.append(f"def make_{name}(role):\n    def {name}():\n{indented(body_of(source, 'return None'), 2)}\n\n    return {name}\n")
            hooks.append(f"make_{name}('admin')")
        elif kind == "decorator":
            parts.append(decorator(source, name, name, 0))
            decorators.append(name)
        else:
            parts.append(f"def {name}(role='user'):\n{decorator(source, 'decorate', name, 1)}\n    return decorate\n")
            decorators.append(source.choice([f"{name}('admin')", f"{name}(role='owner')", f"{name}()"]))
    return "\n\n".join(parts), hooks, decorators


def decorator(source: random.Random, name: str, _shown: str, depth: int) -> str:
    wraps = source.random() < 0.8
    body = body_of(source, "return view(*args, **kwargs)")
    lines = [f"def {name}(view):"]
    if wraps:
        lines.append("    @wraps(view)")
    lines.append("    def wrapper(*args, **kwargs):")
    lines += ["        " + line for line in body]
    lines.append("")
    if not wraps:
        lines.append("    wrapper.__name__ = view.__name__")
    lines.append("    return wrapper")
    return indented(lines, depth) + "\n"


class Writer:
    """Writes one application."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.guards, self.hooks, self.decorators = guard_module(source)
        self.number = 0
        self.files: dict[str, str] = {"guards.py": self.guards}

    def fresh(self, word: str) -> str:
        self.number += 1
        return f"{word}{self.number}"

    def write(self) -> dict[str, str]:
        lines: list[str] = []
        for _ in range(self.source.randint(0, 2)):
            lines += self.hook("app", "app")
        lines += ["", "", "@app.get('/sign-in')", "def sign_in():", "    return 'form'", "", "", "@app.get('/')", "def home():", "    return 'home'", ""]
        for _ in range(self.source.randint(1, 3)):
            lines += self.view("app")
        mounts: list[str] = []
        for _ in range(self.source.randint(1, 3)):
            name, more = self.blueprint(1)
            lines += more
            mounts.append(name)
        end: list[str] = []
        for name in mounts:
            end.append(self.register("app", name))
            if self.source.random() < 0.2:
                end += self.hook("app", "app")
        if self.source.random() < 0.3:
            code = self.source.choice(["401", "403", "NotSignedIn"])
            answer = self.source.choice(["'sorry', 401", "jsonify(error='no'), 403", "redirect('/sign-in')"])
            end += ["", "", f"@app.errorhandler({code})", f"def {self.fresh('on_error')}(error):", f"    return {answer}", ""]
        head = "import os\n\nfrom flask import Blueprint, Flask, jsonify, redirect, request\nfrom flask.views import MethodView\n\nfrom guards import *  # noqa: F403\n"
        imports = "".join(f"from {file.removesuffix('.py')} import *  # noqa: F403\n" for file in self.files if file != "guards.py")
        if self.source.random() < 0.4:
            inside = [line for line in [*lines, *end]]
            body = indented(["app = Flask(__name__)", "app.secret_key = 'for tests only'", *inside, "return app"], 1)
            text = f"{head}{imports}\n\ndef create_app():\n{body}\n"
        else:
            text = f"{head}{imports}\napp = Flask(__name__)\napp.secret_key = 'for tests only'\n" + "\n".join([*lines, *end]) + "\n"
        self.files["app.py"] = text
        return self.files

    def hook(self, owner: str, kind: str) -> list[str]:
        """Registers a hook in one of its forms."""
        guard = self.source.choice(self.hooks)
        method = "before_request"
        if kind == "bp" and self.source.random() < 0.2:
            method = "before_app_request"
        form = self.source.choice(["call", "call", "call", "environment", "wrapped", "own"])
        if form == "environment":
            return ["if os.environ.get('APP_ENV') == 'production':", f"    {owner}.{method}({guard})"]
        if form == "own":
            name = self.fresh("hook")
            return ["", "", f"@{owner}.{method}", f"def {name}():", *["    " + line for line in body_of(self.source, "return None")], ""]
        if form == "wrapped" and guard.isidentifier():
            name = self.fresh("hook")
            return ["", "", f"@{owner}.{method}", f"def {name}():", f"    return {guard}()", ""]
        return [f"{owner}.{method}({guard})"]

    def view(self, owner: str) -> list[str]:
        """A view with decorators in right or wrong order."""
        name = self.fresh("view")
        path = "/" + name + self.source.choice(["", "", "/<int:number>", "/<name>", "/<path:rest>", "/"])
        takes = "number" if "number" in path else "name" if "<name" in path else "rest" if "rest" in path else ""
        above = [self.source.choice(self.decorators) for _ in range(self.source.choice([0, 0, 1, 1, 2]))]
        form = self.source.choice(["route", "route", "method", "add", "wrong", "class"])
        inner = ["return 'ok'"]
        if self.source.random() < 0.15:
            inner = body_of(self.source, "return 'ok'")
        lines = [f"def {name}({takes}):", *["    " + line for line in inner], ""]
        stacked = [f"@{guard}" for guard in above]
        if form == "class":
            listed = ", ".join(above)
            title = name.title()
            self_takes = f"self, {takes}" if takes else "self"
            members = [f"class {title}(MethodView):", f"    decorators = [{listed}]", "", f"    def get({self_takes}):", "        return 'get'", "", f"    def post({self_takes}):", *["        " + line for line in inner], ""]
            return ["", "", *members, "", f"{owner}.add_url_rule('{path}', view_func={title}.as_view('{name}'))"]
        if form == "add":
            wrapped = name
            for guard in reversed(above):
                wrapped = f"{guard}({wrapped})"
            return ["", "", *lines, "", f"{owner}.add_url_rule('{path}', '{name}', {wrapped}, methods=['GET', 'POST'])"]
        if form == "method":
            verb = self.source.choice(["get", "post", "put", "delete", "patch"])
            return ["", "", f"@{owner}.{verb}('{path}')", *stacked, *lines]
        methods = self.source.choice(["", ", methods=['GET', 'POST']", ", methods=['PUT']"])
        route = f"@{owner}.route('{path}'{methods})"
        if form == "wrong" and stacked:
            cut = self.source.randint(1, len(stacked))
            return ["", "", *stacked[:cut], route, *stacked[cut:], *lines]
        return ["", "", route, *stacked, *lines]

    def register(self, owner: str, name: str) -> str:
        prefix = self.source.choice(["", "", f", url_prefix='/at-{name}'"])
        return f"{owner}.register_blueprint({name}{prefix})"

    def blueprint(self, depth: int) -> tuple[str, list[str]]:
        """A blueprint: at the top level, from a function, or from a file of its own."""
        name = self.fresh("bp")
        prefix = self.source.choice(["", f", url_prefix='/{name}'", f", url_prefix='/{name}'"])
        lines = [f"{name} = Blueprint('{name}', __name__{prefix})"]
        content: list[str] = []
        for _ in range(self.source.choice([0, 0, 1, 1, 2])):
            content += self.hook(name, "bp")
        for _ in range(self.source.randint(1, 3)):
            content += self.view(name)
        if self.source.random() < 0.15:
            content += ["", "", f"@{name}.errorhandler(401)", f"def {self.fresh('on_error')}(error):", "    return 'sorry', 403", ""]
        before: list[str] = []
        if depth < 4 and self.source.random() < 0.4:
            for _ in range(self.source.randint(1, 2)):
                inner, more = self.blueprint(depth + 1)
                before += more
                content.append(self.register(name, inner))
        form = self.source.choice(["plain", "plain", "function", "file"])
        if form == "file" and any(".register_blueprint(" in line for line in content):
            form = "plain"
        if form == "function":
            made = ["", "", f"def make_{name}():", *["    " + line if line else "" for line in [*lines, *content, f"return {name}"]], "", "", f"{name} = make_{name}()"]
            return name, [*before, *made]
        if form == "file" and not before:
            head = "import os\n\nfrom flask import Blueprint, jsonify, redirect, request\nfrom flask.views import MethodView\n\nfrom guards import *  # noqa: F403\n\n"
            self.files[f"part_{name}.py"] = head + "\n".join([*lines, *content]) + "\n"
            return name, []
        return name, ["", "", *before, *lines, *content]


def main(arguments: list[str]) -> int:
    seed, count, folder = int(arguments[0]), int(arguments[1]), Path(arguments[2])
    for index in range(count):
        root = folder / f"g{seed}-{index:04}"
        root.mkdir(parents=True, exist_ok=True)
        for file, text in Writer(random.Random(f"{seed}/{index}")).write().items():
            (root / file).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
