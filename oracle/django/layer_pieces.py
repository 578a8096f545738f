"""Middleware of generated Django projects: its forms, whom it leaves alone, and where it stands."""

from __future__ import annotations

import random

from guard_pieces import HELPER_NAMES, IMPORTS, TOPS, body_of, indented, pick, titled

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"

HEAD = f"""{IMPORTS}
from guards import {", ".join(HELPER_NAMES)}

OPEN = ["/{TOPS[0]}/", "/{TOPS[2]}/"]
OPEN_NAMES = {{"sign-in", "home"}}
OPEN_PATTERN = re.compile(r"^/({TOPS[1]}|{TOPS[2]})/")
"""


def exempt(source: random.Random, done: str) -> list[str]:
    """Whom a middleware lets through without asking: the log-in page, a part of the paths, some methods, or nobody."""
    top = source.choice(TOPS)
    tests = [
        (2, "request.path == settings.LOGIN_URL"),
        (1, "request.path in ('/', '/login/', '/accounts/login/')"),
        (2, f"request.path.startswith('/{top}/')"),
        (1, f"not request.path.startswith('/{top}/')"),
        (1, f"not request.path_info.startswith(('/{top}/', '/{TOPS[0]}/'))"),
        (1, "request.path.startswith(tuple(OPEN))"),
        (2, "any(request.path.startswith(prefix) for prefix in OPEN)"),
        (1, "any(request.path_info.startswith(prefix) for prefix in settings.OPEN_PREFIXES)"),
        (1, "OPEN_PATTERN.match(request.path)"),
        (1, f"re.match(r'^/{top}/', request.path_info)"),
        (1, "resolve(request.path_info).url_name in OPEN_NAMES"),
        (1, f"request.path.split('/')[1] == '{top}'"),
        (1, "request.method in ('GET', 'HEAD')"),
        (1, "request.method == 'OPTIONS'"),
    ]
    return [f"if {pick(source, tests)}:", f"    {done}"] if source.random() < 0.75 else []


def exempt_view(source: random.Random, done: str) -> list[str]:
    """Whom `process_view` lets through without asking: it knows the view."""
    tests = [
        "getattr(view_func, 'is_public', False)",
        "hasattr(view_func, 'is_public')",
        "request.resolver_match.url_name in OPEN_NAMES",
        "getattr(getattr(view_func, 'view_class', None), 'is_public', False)",
        "view_func.__name__ == 'sign_in'",
        "not getattr(view_func, 'login_required', True)",
    ]
    return [f"if {source.choice(tests)}:", f"    {done}"]


def middleware(source: random.Random, name: str) -> tuple[list[str], str]:
    """The text of a middleware, and its name."""
    title = titled(name)
    begin = ["    def __init__(self, get_response):", "        self.get_response = get_response", ""]
    call, inner, hook = "return self.get_response(request)", "return get_response(request)", "return None"
    kind = pick(source, [(4, "class"), (3, "function"), (3, "mixin"), (3, "view"), (1, "user"), (1, "late")])
    if kind == "class":
        return [f"class {title}:", *begin, "    def __call__(self, request):", *indented([*exempt(source, call), *body_of(source, call)], 2)], title
    if kind == "function":
        body = [*exempt(source, inner), *body_of(source, inner)]
        return [f"def {name}(get_response):", "    def middleware(request):", *indented(body, 2), "", "    return middleware"], name
    if kind == "mixin":
        body = [*exempt(source, hook), *body_of(source, hook)]
        return [f"class {title}(MiddlewareMixin):", "    def process_request(self, request):", *indented(body, 2)], title
    if kind == "view":
        body = [*exempt_view(source, hook), *body_of(source, hook)]
        first = source.choice([[f"class {title}:", *begin, "    def __call__(self, request):", f"        {call}", ""], [f"class {title}(MiddlewareMixin):"]])
        return [*first, "    def process_view(self, request, view_func, view_args, view_kwargs):", *indented(body, 2)], title
    if kind == "user":
        body = ["if token_of(request) == 'good':", "    request.user = get_user_model().objects.get(username='good')", call]
        return [f"class {title}:", *begin, "    def __call__(self, request):", *indented(body, 2)], title
    # It does its part once the view has run, and asks nobody.
    body = ["response = self.get_response(request)", "response['X-Seen'] = 'yes'", "return response"]
    return [f"class {title}:", *begin, "    def __call__(self, request):", *indented(body, 2)], title


def order(source: random.Random, own: list[str]) -> list[str]:
    """The whole list: what reads users stands after what brings them."""
    layers = [SESSION, *([CSRF] if source.random() < 0.6 else []), USERS, *([LOGIN] if source.random() < 0.2 else [])]
    for name in own:
        layers.insert(source.randint(layers.index(USERS) + 1, len(layers)), f"layers.{name}")
    return layers


def setting(source: random.Random, layers: list[str]) -> list[str]:
    """`MIDDLEWARE` as people write it."""
    lines = [f'    "{layer}",' for layer in layers]
    form = pick(source, [(5, "list"), (1, "tuple"), (1, "added"), (1, "inserted"), (1, "parts"), (1, "switched")])
    if form == "tuple":
        return ["MIDDLEWARE = (", *lines, ")"]
    if form == "added":
        return ["MIDDLEWARE = [", *lines[:-1], "]", f"MIDDLEWARE += [{lines[-1].strip().rstrip(',')}]"]
    if form == "inserted":
        place = source.randint(0, len(layers) - 1)
        return ["MIDDLEWARE = [", *lines[:place], *lines[place + 1 :], "]", f'MIDDLEWARE.insert({place}, "{layers[place]}")']
    if form == "parts":
        return ["COMMON = [", *lines[:2], "]", "MIDDLEWARE = [", "    *COMMON,", *lines[2:], "]"]
    if form == "switched":
        return ["MIDDLEWARE = [", *lines, "]", "if DEBUG:", f'    MIDDLEWARE.remove("{layers[-1]}")']
    return ["MIDDLEWARE = [", *lines, "]"]
