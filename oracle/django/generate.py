"""Writes random Django projects with REST framework and Channels, the same for the same seed.

    generate.py SEED COUNT DIR

Patterns nested up to four deep (files, packages, lists, functions, loops, routers), middleware in any order with and
without exceptions, decorators and mixins in right and wrong places, views that inherit, permissions that compose.
Names say nothing; what is true is recorded.
"""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

import guard_pieces as guards
import layer_pieces
import rest_pieces
import socket_pieces
import view_pieces
from guard_pieces import TOPS, indented, pick
from view_pieces import Made, Stock

MANAGE = """import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""

SETTINGS = """SECRET_KEY = "only-for-the-oracle-0123456789abcdef"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:oracle?mode=memory&cache=shared"}}
SHOP_KEY = "good"
OPEN_PREFIXES = ["/shop/", "/login/"]
"""

MODELS = """from django.conf import settings
from django.db import models


class Thing(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="things")
    title = models.CharField(max_length=50)
"""

SERIALIZERS = """from rest_framework import serializers

from stock.models import Thing


class ThingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Thing
        fields = ["id", "title"]
"""


class Part:
    """A module of views with a module of patterns, while they are written."""

    def __init__(self, source: random.Random, name: str) -> None:
        self.is_package = name != "" and source.random() < 0.4
        self.name = name
        self.views: list[str] = []
        self.names: list[str] = []
        self.before: list[str] = []
        self.is_rest = False
        self.by_module = source.random() < 0.5

    def file(self, kind: str) -> str:
        return f"{self.name}/{kind}.py" if self.is_package else f"{kind}_{self.name}.py" if self.name else f"{kind}.py"

    def module(self, kind: str) -> str:
        return self.file(kind).removesuffix(".py").replace("/", ".")

    def add(self, made: Made) -> str:
        """Takes a view in; returns how the patterns name it."""
        self.views += ["", "", *made.lines]
        self.names.append(made.name)
        return re.sub(rf"\b{made.name}\b", f"views.{made.name}", made.expression) if self.by_module else made.expression

    def view_import(self) -> str:
        if self.by_module:
            return "from . import views" if self.is_package else f"import {self.module('views')} as views" if self.name else "import views"
        listed = ", ".join(self.names)
        return f"from {'.views' if self.is_package else self.module('views')} import {listed}" if listed else ""


class Writer:
    """Writes one project."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.number = 0
        self.files: dict[str, str] = {"manage.py": MANAGE}
        self.has_rest = source.random() < 0.6
        self.names = source.sample(guards.NAMES, len(guards.NAMES))
        self.stock = Stock([], [], [], [], [], [])
        self.write_guards()
        if self.has_rest:
            self.write_permits()

    def fresh(self, word: str) -> str:
        self.number += 1
        return f"{word}{self.number}"

    def write(self) -> dict[str, str]:
        layers = self.write_layers()
        part = Part(self.source, "")
        entries = self.front(part)
        tops = self.source.sample(TOPS, self.source.randint(2, 3))
        for top in tops:
            entries.append(self.inclusion(part, top + "/", 1, []))
        for _ in range(self.source.randint(0, 2)):
            entries += self.view(part, self.source.choice(["", f"{self.source.choice(TOPS)}/"]), [])
        if self.source.random() < 0.2:
            entries.insert(0, 'path("admin/", admin.site.urls)')
        self.close(part, entries)
        has_sockets = self.source.random() < 0.25
        if has_sockets:
            self.files.update(socket_pieces.files(self.source, self.names[:3]))
        self.write_settings(layers, has_sockets, 'path("admin/", admin.site.urls)' in entries)
        return self.files

    # What guards.

    def write_guards(self) -> None:
        lines: list[str] = []
        names = iter(self.names)

        def define(text: list[str]) -> None:
            lines.extend(["", "", *text])

        for _ in range(self.source.randint(2, 4)):
            name = next(names)
            kind = self.source.choice(["decorator", "decorator", "factory", "instance"])
            if kind == "factory":
                define(guards.decorator_factory(self.source, name))
                self.stock.decorators.append(f"{name}({self.source.choice(['', repr('admin'), 'role=' + repr('owner')])})")
            else:
                define(guards.decorator(self.source, name) if kind == "decorator" else guards.decorator_class(self.source, name))
                self.stock.decorators.append(name)
        for _ in range(self.source.randint(1, 2)):
            name = next(names)
            define(guards.user_test(self.source, name))
            self.stock.tests.append(name)
        for _ in range(self.source.randint(1, 3)):
            name = next(names)
            define(text := guards.mixin(self.source, name))
            self.stock.define(text)
            self.stock.mixins.append(guards.titled(name))
        for _ in range(self.source.randint(1, 2)):
            name = next(names)
            while True:
                text = guards.base_view(self.source, name, self.stock.mixins)
                bases = [line for line in text if line.startswith("class ")][0].partition("(")[2].rstrip("):")
                if self.stock.is_consistent(bases):
                    break
            define(text)
            self.stock.define(text)
            self.stock.bases.append(guards.titled(name))
        self.names = list(names)
        self.files["guards.py"] = guards.IMPORTS + guards.HELPERS + "\n".join(lines) + "\n"

    def write_permits(self) -> None:
        lines: list[str] = []
        for _ in range(self.source.randint(2, 4)):
            text, expression = rest_pieces.permission(self.source, self.fresh("permit"))
            lines += ["", "", *text]
            self.stock.permissions.append(expression)
        for _ in range(self.source.randint(1, 2)):
            text, expression = rest_pieces.authentication(self.source, self.fresh("prover"))
            lines += ["", "", *text]
            self.stock.authentications.append(expression)
        self.files["permits.py"] = rest_pieces.PERMIT_IMPORTS + "\n".join(lines) + "\n"
        self.files.update({"stock/__init__.py": "", "stock/models.py": MODELS, "serializers.py": SERIALIZERS})

    def write_layers(self) -> list[str]:
        made: list[str] = []
        lines: list[str] = []
        for _ in range(self.source.choice([0, 0, 1, 1, 2])):
            text, name = layer_pieces.middleware(self.source, self.fresh("layer"))
            lines += ["", "", *text]
            made.append(name)
        self.files["layers.py"] = layer_pieces.HEAD + "\n".join(lines) + "\n"
        return layer_pieces.order(self.source, made)

    def write_settings(self, layers: list[str], has_sockets: bool, has_admin: bool) -> None:
        apps = [f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions")]
        apps += ["django.contrib.admin", "django.contrib.messages"] if has_admin else []
        apps += ["rest_framework", "stock"] if self.has_rest else []
        apps += ["channels"] if has_sockets else []
        if has_admin:
            layers.insert(layers.index(layer_pieces.USERS) + 1, "django.contrib.messages.middleware.MessageMiddleware")
        lines = ["INSTALLED_APPS = [", *(f'    "{app}",' for app in apps), "]", *layer_pieces.setting(self.source, layers)]
        lines.append(self.source.choice(['LOGIN_URL = "/login/"', ""]))
        if has_admin:
            lines.append(
                'TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": '
                '["django.template.context_processors.request", "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"]}}]'
            )
        if self.has_rest:
            lines += rest_pieces.default_setting(self.source, self.stock)
        if has_sockets:
            lines += ['ASGI_APPLICATION = "asgi.application"']
        self.files["settings.py"] = SETTINGS + "\n".join(lines) + "\n"

    # Patterns.

    def front(self, part: Part) -> list[str]:
        """The log-in page, to which refusals lead, and the first page."""
        above = ["@login_not_required"] if self.source.random() < 0.8 else []
        sign_in = part.add(Made([*above, "def sign_in(request):", "    return HttpResponse('form')"], "sign_in", "sign_in"))
        home = part.add(Made(["def home(request):", "    return HttpResponse('home')"], "home", "home"))
        return [f'path("login/", {sign_in}, name="sign-in")', f'path("", {home}, name="home")']

    def inclusion(self, part: Part, prefix: str, depth: int, parameters: list[str]) -> str:
        """A prefix with patterns behind it, in one of the forms."""
        inner = list(parameters)
        if depth > 1 and self.source.random() < 0.15:
            inner.append(self.fresh("group"))
            prefix += self.source.choice([f"<int:{inner[-1]}>/", f"<slug:{inner[-1]}>/"])
        form = pick(self.source, [(4, "file"), (2, "list"), (1, "tuple"), (2, "inline"), (1, "function"), (1, "loop"), (1, "module")])
        if form in ("file", "module"):
            other = Part(self.source, self.fresh("part"))
            self.close(other, self.content(other, depth, inner))
            target = f'"{other.module("urls")}"'
            if form == "module":
                alias = self.fresh("inner")
                part.before.append(f"import {other.module('urls')} as {alias}")
                target = alias
            return self.mount(prefix, target)
        entries = self.content(part, depth, inner)
        if form == "inline":
            return self.mount(prefix, f"[{', '.join(entries)}]")
        name = self.fresh("patterns")
        if form == "function":
            part.before += ["", "", f"def {name}():", "    return [", *(f"        {entry}," for entry in entries), "    ]", "", ""]
            return self.mount(prefix, f"{name}()")
        part.before += [f"{name} = [", *(f"    {entry}," for entry in entries), "]"]
        if form == "tuple":
            return self.mount(prefix, f'({name}, "{name}")')
        if form == "loop":
            return f'*[path("{prefix}", include([one])) for one in {name}]'
        return self.mount(prefix, name)

    def mount(self, prefix: str, target: str) -> str:
        if "<" not in prefix and self.source.random() < 0.15:
            return f're_path(r"^{prefix}", include({target}))'
        return f'path("{prefix}", include({target}))'

    def content(self, part: Part, depth: int, parameters: list[str]) -> list[str]:
        entries: list[str] = []
        for _ in range(self.source.randint(1, 3)):
            entries += self.view(part, "", parameters)
        if self.has_rest and self.source.random() < 0.4:
            entries += self.router(part)
        if depth < 4 and self.source.random() < 0.4:
            for _ in range(self.source.randint(1, 2)):
                prefix = self.source.choice([self.fresh("at") + "/"] * 3 + [""])
                entries.append(self.inclusion(part, prefix, depth + 1, parameters))
        return entries

    def view(self, part: Part, prefix: str, parameters: list[str]) -> list[str]:
        """A view with its pattern."""
        name = self.fresh("view")
        tail, own = self.source.choice([("", ""), ("", ""), ("<int:pk>/", "pk"), ("<slug:slug>/", "slug"), ("<path:rest>", "rest"), ("<str:word>", "word")])
        slash = self.source.choice(["/", "/", "/", ""]) if not tail else "/"
        given = [*parameters, *([own] if own else [])]
        kinds = [(5, view_pieces.function_view), (6, view_pieces.class_view)]
        if self.has_rest:
            kinds += [(3, rest_pieces.function_view), (5, rest_pieces.class_view)]
        make = pick(self.source, kinds)
        if make in (rest_pieces.function_view, rest_pieces.class_view):
            part.is_rest = True
        expression = part.add(make(self.source, self.stock, name, given))  # type: ignore[operator]
        option = f', name="{name}"' if self.source.random() < 0.4 else ""
        if self.source.random() < 0.15 and not tail.startswith("<path") and "<str" not in tail:
            expressions = {"": "", "<int:pk>/": r"(?P<pk>\d+)/", "<slug:slug>/": r"(?P<slug>[\w-]+)/"}
            return [f're_path(r"^{prefix}{name}{slash}{expressions[tail]}$", {expression}{option})']
        return [f'path("{prefix}{name}{slash}{tail}", {expression}{option})']

    def router(self, part: Part) -> list[str]:
        """Viewsets behind a router, or by hand."""
        part.is_rest = True
        if self.source.random() < 0.25:
            made, actions = rest_pieces.viewset(self.source, self.stock, self.fresh("set"))
            part.add(made)
            prefix = f"{self.fresh('hand')}/"
            shown = re.sub(r"^", "views." if part.by_module else "", made.name)
            pairs = rest_pieces.mounted_by_hand(self.source, made, actions)
            return [f'path("{prefix}{tail}", {text.replace(made.name, shown)})' for tail, text in pairs]
        name = self.fresh("router")
        options = self.source.choice(["DefaultRouter()", "SimpleRouter()", "SimpleRouter(trailing_slash=False)"])
        part.before.append(f"{name} = {options}")
        for _ in range(self.source.randint(1, 2)):
            made, _actions = rest_pieces.viewset(self.source, self.stock, self.fresh("set"))
            shown = part.add(made)
            path = self.fresh("things")
            quote = self.source.choice(["", "r"])
            part.before.append(f'{name}.register({quote}"{path}", {shown}, basename="{path}")')
        form = self.source.choice(["include", "include", "urls"])
        if form == "urls" and options != "DefaultRouter()":
            return [f"*{name}.urls"]
        return [f'path("{self.fresh("api")}/", include({name}.urls))']

    def close(self, part: Part, entries: list[str]) -> None:
        """Writes the files of a part."""
        own = [*self.stock.decorators, *self.stock.tests, *self.stock.mixins, *self.stock.bases]
        listed = ", ".join(dict.fromkeys([*guards.HELPER_NAMES, *(name.split("(")[0] for name in own)]))
        head = f"{guards.IMPORTS}\nfrom guards import {listed}\n"
        rest = rest_pieces.IMPORTS + f"from permits import {', '.join(dict.fromkeys(name.split('(')[0] for name in [*self.stock.permissions, *self.stock.authentications]))}\nfrom serializers import ThingSerializer\nfrom stock.models import Thing\n" if part.is_rest else ""
        if part.is_rest:
            rest = rest.replace("NotAuthenticated, PermissionDenied", "NotAuthenticated")
        self.files[part.file("views")] = head + rest + "\n".join(part.views) + "\n"
        if part.is_package:
            self.files[f"{part.name}/__init__.py"] = ""
        routers = "from rest_framework.routers import DefaultRouter, SimpleRouter\n" if self.has_rest else ""
        imports = f"from django.contrib import admin\nfrom django.urls import include, path, re_path\n{routers}\n{head}{part.view_import()}\n\n"
        tail = self.patterns(entries)
        self.files[part.file("urls")] = imports + "\n".join([*part.before, "", *tail]) + "\n"

    def patterns(self, entries: list[str]) -> list[str]:
        lines = [f"    {entry}," for entry in entries]
        form = pick(self.source, [(6, "list"), (1, "added"), (1, "sum"), (1, "append")])
        if form == "added":
            return ["urlpatterns = [", *lines[:1], "]", "urlpatterns += [", *lines[1:], "]"]
        if form == "sum":
            return ["urlpatterns = [", *lines[:1], "] + [", *lines[1:], "]"]
        if form == "append" and not entries[-1].startswith("*"):
            return ["urlpatterns = [", *lines[:-1], "]", f"urlpatterns.append({entries[-1]})"]
        return ["urlpatterns = [", *lines, "]"]


def main(arguments: list[str]) -> int:
    seed, count, folder = int(arguments[0]), int(arguments[1]), Path(arguments[2])
    for index in range(count):
        root = folder / f"g{seed}-{index:04}"
        for file, text in Writer(random.Random(f"{seed}/{index}")).write().items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
