"""Views of generated Django projects: functions and classes, with guards in right and wrong places."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from guard_pieces import KNOWN, body_of, indented, known, pick, titled

FRAMEWORK_DECORATORS = [
    (5, "login_required"),
    (1, "login_required(login_url='/login/')"),
    (1, "permission_required('auth.view_user')"),
    (1, "permission_required('auth.view_user', raise_exception=True)"),
    (1, "permission_required(('auth.view_user', 'auth.change_user'))"),
    (1, "staff_member_required(login_url='/login/')"),
    (1, "csrf_exempt"),
    (1, "never_cache"),
    (1, "user_passes_test(lambda user: user.is_staff)"),
    (1, "user_passes_test(lambda u: u.is_authenticated, login_url='/login/')"),
]

ACCESS = type("AccessMixin", (), {})
VIEW = type("View", (), {})
FRAMEWORK = {
    "AccessMixin": ACCESS,
    "View": VIEW,
    "TemplateView": type("TemplateView", (VIEW,), {}),
    **{name: type(name, (ACCESS,), {}) for name in ("LoginRequiredMixin", "PermissionRequiredMixin", "UserPassesTestMixin")},
}

ANSWERS = ["return HttpResponse('ok')", "return JsonResponse({'ok': True})"]


@dataclass
class Stock:
    """The guards that views of a project may use."""

    decorators: list[str]
    tests: list[str]
    mixins: list[str]
    bases: list[str]
    permissions: list[str]
    authentications: list[str]
    classes: dict[str, type] = field(default_factory=lambda: dict(FRAMEWORK))

    def define(self, lines: list[str]) -> None:
        """Remembers a class by its bases, since not every order of them is one for Python."""
        for line in lines:
            if found := re.match(r"class (\w+)(?:\((.*)\))?:", line):
                self.classes[found[1]] = type(found[1], self.parents(found[2] or "object"), {})

    def parents(self, bases: str) -> tuple[type, ...]:
        return tuple(object if base == "object" else self.classes[base] for base in bases.split(", "))

    def is_consistent(self, bases: str) -> bool:
        """Holds if a class may have these bases."""
        try:
            return bool(type("Made", self.parents(bases), {}))
        except TypeError:
            return False


@dataclass
class Made:
    """A view: its text, and what the patterns name."""

    lines: list[str]
    name: str
    expression: str


def guard(source: random.Random, stock: Stock) -> str:
    """A decorator, of the framework or of the project."""
    if source.random() < 0.5:
        return source.choice(stock.decorators)
    if source.random() < 0.2:
        return f"user_passes_test({source.choice(stock.tests)})"
    return str(pick(source, FRAMEWORK_DECORATORS))


def stacked(source: random.Random, stock: Stock) -> list[str]:
    return [guard(source, stock) for _ in range(source.choice([0, 0, 1, 1, 1, 2, 3]))]


def takes(parameters: list[str], source: random.Random) -> str:
    """The parameters of a view after the request."""
    return "**kwargs" if source.random() < 0.4 else ", ".join(parameters) if parameters else ""


def signature(first: str, parameters: list[str], source: random.Random) -> str:
    rest = takes(parameters, source)
    return f"{first}, {rest}" if rest else first


def function_view(source: random.Random, stock: Stock, name: str, parameters: list[str]) -> Made:
    answer = source.choice(ANSWERS)
    bodies = [
        (8, [answer]),
        (2, body_of(source, answer)),
        (1, ["if request.method == 'POST':", "    return HttpResponse('made')", answer]),
        (1, ["if request.method == 'POST':", *indented(body_of(source, "return HttpResponse('made')"), 1), answer]),
        (1, ["if request.method != 'POST':", "    return HttpResponse(status=405)", answer]),
    ]
    above = stacked(source, stock)
    body = list(pick(source, bodies))  # type: ignore[call-overload]
    if source.random() < 0.25 and "status=405" not in " ".join(body):
        above.insert(source.randint(0, len(above)), source.choice(["require_GET", "require_POST", "require_http_methods(['GET', 'POST'])", "require_http_methods(['PUT', 'DELETE'])"]))
    if source.random() < 0.1:
        above.insert(source.randint(0, len(above)), "login_not_required")
    lines = [*(f"@{one}" for one in above), f"def {name}({signature('request', parameters, source)}):", *indented(body, 1)]
    if source.random() < 0.1:
        lines += ["", "", f"{name}.is_public = True"]
    if source.random() < 0.05:
        lines += ["", "", f"{name}.login_required = False"]
    expression = name
    if source.random() < 0.12:
        expression = f"{guard(source, stock)}({name})"
    return Made(lines, name, expression)


def members(source: random.Random, stock: Stock, parameters: list[str]) -> list[str]:
    """The methods of a class; some of them guarded on their own."""
    lines: list[str] = []
    for method in source.choice([["get"], ["get", "post"], ["post"], ["get", "delete"], ["put", "patch"]]):
        answer = source.choice(ANSWERS)
        body = body_of(source, answer) if source.random() < 0.1 else [answer]
        above = []
        if source.random() < 0.15:
            above = [f"@method_decorator({guard(source, stock)})"]
        lines += ["", *above, f"def {method}({signature('self, request', parameters, source)}):", *indented(body, 1)]
    return lines[1:]


def dispatch(source: random.Random, stock: Stock) -> list[str]:
    """A `dispatch` of its own: guarded, guarding, or neither."""
    goes_on = "return super().dispatch(request, *args, **kwargs)"
    first = "def dispatch(self, request, *args, **kwargs):"
    forms = [
        (3, [f"@method_decorator({guard(source, stock)})", first, f"    {goes_on}"]),
        (1, [f"@method_decorator([{guard(source, stock)}, {guard(source, stock)}])", first, f"    {goes_on}"]),
        (3, [first, *indented(body_of(source, goes_on), 1)]),
        (1, [first, f"    answer = {goes_on.removeprefix('return ')}", "    answer['X-Seen'] = 'yes'", "    return answer"]),
        (1, [first, "    return View.dispatch(self, request, *args, **kwargs)"]),
        (1, [first, f"    if not ({known(source)}):", "        return self.refuse(request)", f"    {goes_on}", "", "def refuse(self, request):", "    return HttpResponse('no', status=403)"]),
    ]
    return list(pick(source, forms))  # type: ignore[call-overload]


def bases_of(source: random.Random, stock: Stock) -> str:
    """The bases of a view, in right and wrong order."""
    some = source.choice([*stock.mixins, "LoginRequiredMixin", "PermissionRequiredMixin", "UserPassesTestMixin"])
    more = source.choice([*stock.mixins, "LoginRequiredMixin"])
    table = [(4, "View"), (5, f"{some}, View"), (1, f"View, {some}"), (4, source.choice(stock.bases)), (1, f"{some}, {source.choice(stock.bases)}")]
    if more != some:
        table.append((2, f"{more}, {some}, View"))
    return str(pick(source, [row for row in table if stock.is_consistent(row[1])]))


def attributes(source: random.Random, bases: str) -> list[str]:
    """What mixins ask for, and what changes their answer."""
    lines: list[str] = []
    if "PermissionRequiredMixin" in bases:
        lines.append("permission_required = " + source.choice(["'auth.view_user'", "('auth.view_user', 'auth.add_user')"]))
    if source.random() < 0.15:
        lines.append(f"raise_exception = {source.choice(['True', 'False'])}")
    if source.random() < 0.08:
        lines.append("is_public = True")
    if source.random() < 0.08:
        lines.append("http_method_names = " + source.choice(["['get']", "['get', 'post', 'head']", "['post', 'put', 'patch', 'delete']"]))
    if "UserPassesTestMixin" in bases:
        asked = str(pick(source, KNOWN)).replace("request", "self.request")
        lines += ["", "def test_func(self):", f"    return {asked}"]
    elif source.random() < 0.08:
        lines += ["", "def test_func(self):", f"    return {source.choice(['True', 'self.request.user.is_staff'])}"]
    if source.random() < 0.05:
        lines += ["", "def has_permission(self):", f"    return {source.choice(['True', 'self.request.user.is_staff', 'super().has_permission()'])}"]
    if source.random() < 0.05:
        lines += ["", "def handle_no_permission(self):", "    " + source.choice(["return HttpResponse('no', status=401)", "raise PermissionDenied", "return redirect('sign-in')", "return super().handle_no_permission()"])]
    return lines


def class_view(source: random.Random, stock: Stock, name: str, parameters: list[str]) -> Made:
    title = titled(name)
    bases = bases_of(source, stock)
    above = []
    if source.random() < 0.25:
        named = source.choice(["dispatch", "dispatch", "dispatch", "get", "post"])
        one = guard(source, stock)
        two = f"[{one}, {guard(source, stock)}]" if source.random() < 0.25 else one
        above = [f"@method_decorator({two}, name='{named}')"]
    inner = members(source, stock, parameters)
    if above and above[0].endswith("name='get')") and not any(line.startswith("def get(") for line in inner):
        above = []
    if above and above[0].endswith("name='post')") and not any(line.startswith("def post(") for line in inner):
        above = []
    own = attributes(source, bases)
    if source.random() < 0.2:
        inner = [*dispatch(source, stock), "", *inner]
    if any(line.startswith("permission_required = ") for line in own):
        # Within such a class the name is no decorator any more.
        inner = ["@method_decorator(login_required)" if "permission_required(" in line else line for line in inner]
    lines = [*above, f"class {title}({bases}):", *indented([*own, *([""] if own else []), *inner], 1)]
    expression = f"{title}.as_view()"
    if source.random() < 0.12:
        expression = f"{guard(source, stock)}({expression})"
    if source.random() < 0.1:
        return child_view(source, title, lines, parameters)
    return Made(lines, title, expression)


def child_view(source: random.Random, title: str, lines: list[str], parameters: list[str]) -> Made:
    """A view that inherits from another view, and changes something of it."""
    child = f"{title}Child"
    bodies = [
        (2, ["pass"]),
        (2, [f"def get({signature('self, request', parameters, source)}):", "    return HttpResponse('child')"]),
        (1, ["def dispatch(self, request, *args, **kwargs):", "    return super().dispatch(request, *args, **kwargs)"]),
        (1, ["def dispatch(self, request, *args, **kwargs):", "    return HttpResponse('child')", "", f"def get({signature('self, request', parameters, source)}):", "    return HttpResponse('get')"]),
        (1, ["def test_func(self):", "    return True"]),
        (1, [f"def get({signature('self, request', parameters, source)}):", f"    return {'HttpResponse' if source.random() < 0.5 else 'JsonResponse'}({{}})"]),
    ]
    body = list(pick(source, bodies))  # type: ignore[call-overload]
    return Made([*lines, "", "", f"class {child}({title}):", *indented(body, 1)], child, f"{child}.as_view()")
