"""Views of REST framework in generated Django projects: permissions, functions, classes, viewsets and routers."""

from __future__ import annotations

import random

from guard_pieces import indented, pick, titled
from view_pieces import Made, Stock, signature

IMPORTS = """from rest_framework import generics, mixins, viewsets
from rest_framework.authentication import BaseAuthentication, BasicAuthentication, SessionAuthentication
from rest_framework.decorators import action, api_view, authentication_classes, permission_classes, throttle_classes
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle
from rest_framework.views import APIView
"""

PERMIT_IMPORTS = """from django.contrib.auth import get_user_model
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
"""

ASKED = [
    (4, "request.user.is_authenticated"),
    (3, "bool(request.user and request.user.is_authenticated)"),
    (2, "request.user.is_staff"),
    (1, "request.user and request.user.is_staff"),
    (1, "not request.user.is_anonymous"),
    (1, "request.user.has_perm('auth.view_user')"),
    (1, "request.headers.get('X-API-Key') == 'good'"),
    (1, "request.META.get('HTTP_AUTHORIZATION') == 'Bearer good'"),
    (1, "request.method in SAFE_METHODS or request.user.is_staff"),
    (1, "request.method in SAFE_METHODS"),
    (1, "getattr(view, 'is_open', False) or request.user.is_authenticated"),
    (1, "True"),
    (1, "request.user.username == 'good'"),
]


def permission(source: random.Random, name: str) -> tuple[list[str], str]:
    """A permission of the project, and the expression that names it."""
    title = titled(name)
    asked = pick(source, ASKED)
    head = "    def has_permission(self, request, view):"
    forms = [
        (5, [f"class {title}(BasePermission):", head, f"        return {asked}"]),
        (2, [f"class {title}(BasePermission):", "    message = 'no'", "", head, f"        if {asked}:", "            return True", "        return False"]),
        (2, [f"class {title}(BasePermission):", head, "        if request.method in SAFE_METHODS:", "            return True", f"        return {asked}"]),
        (2, [f"class {title}(IsAuthenticated):", head, f"        return super().has_permission(request, view) and {asked}"]),
        (1, [f"class {title}(IsAuthenticated):", "    pass"]),
        (1, [f"class {title}(IsAuthenticated):", head, f"        return {asked}"]),
        (1, [f"class {title}(BasePermission):", "    def has_object_permission(self, request, view, obj):", f"        return {asked}"]),
        (1, [f"class {title}(BasePermission):", head, f"        if not ({asked}):", "            raise NotAuthenticated", "        return True"]),
        (1, [f"class {title}(BasePermission):", head, f"        return view.action in ('list', 'retrieve') if hasattr(view, 'action') else {asked}"]),
    ]
    if source.random() < 0.12:
        inner = ["class Inner(BasePermission):", *indented([head.strip(), f"    return {asked}"], 1), "", "return Inner"]
        return [f"def {name}(role):", *indented(inner, 1)], f"{name}('admin')"
    return list(pick(source, forms)), title  # type: ignore[call-overload]


def authentication(source: random.Random, name: str) -> tuple[list[str], str]:
    """An authentication of the project: who it is, by a header of its own."""
    title = titled(name)
    found = "return (get_user_model().objects.get(username='good'), None)"
    bad = source.choice(["return None", "raise AuthenticationFailed('bad token')"])
    head = source.choice(["request.headers.get('X-API-Key')", "request.META.get('HTTP_X_API_KEY')"])
    lines = [
        f"class {title}(BaseAuthentication):",
        "    def authenticate(self, request):",
        f"        key = {head}",
        "        if not key:",
        "            return None",
        "        if key != 'good':",
        f"            {bad}",
        f"        {found}",
    ]
    if source.random() < 0.4:
        lines += ["", "    def authenticate_header(self, request):", "        return 'Key'"]
    return lines, title


LIBRARY = ["IsAuthenticated", "IsAuthenticated", "IsAdminUser", "AllowAny", "IsAuthenticatedOrReadOnly"]


def one_permission(source: random.Random, stock: Stock) -> str:
    return source.choice([*LIBRARY, *stock.permissions, *stock.permissions])


def class_permission(source: random.Random, stock: Stock) -> str:
    """A permission that is no call: what composes or is subclassed."""
    one = one_permission(source, stock)
    return one if "(" not in one else "IsAuthenticated"


def permission_list(source: random.Random, stock: Stock) -> str:
    one = one_permission(source, stock)
    two, three = (source.choice([name for name in [*LIBRARY, *stock.permissions] if name != one]) for _ in range(2))
    forms = [
        (5, f"[{one}]"),
        (1, f"({one},)"),
        (2, f"[{one}, {two}]"),
        (1, f"[{one} & {two}]"),
        (2, f"[{one} | {two}]"),
        (1, f"[~{one}]"),
        (1, f"[{one} & ({two} | {three})]"),
        (1, f"[{one} | ({two} & ~{three})]"),
        (1, "[]"),
        (2, "[AllowAny]"),
        (1, f"[IsAuthenticated & {one}, {two}]" if one != "IsAuthenticated" else f"[{one}]"),
    ]
    return str(pick(source, forms))


def authentication_list(source: random.Random, stock: Stock) -> str:
    own = source.choice(stock.authentications)
    return source.choice(["[SessionAuthentication]", "[SessionAuthentication, BasicAuthentication]", "[BasicAuthentication]", "[]", f"[{own}]", f"[{own}, SessionAuthentication]"])


def function_view(source: random.Random, stock: Stock, name: str, parameters: list[str]) -> Made:
    methods = source.choice(["", "(['GET'])", "(['GET', 'POST'])", "(['POST'])", "(['PUT', 'DELETE'])"]) or "()"
    above = []
    if source.random() < 0.6:
        above.append(f"@permission_classes({permission_list(source, stock)})")
    if source.random() < 0.25:
        above.append(f"@authentication_classes({authentication_list(source, stock)})")
    if source.random() < 0.15:
        above.append("@throttle_classes([AnonRateThrottle])")
    source.shuffle(above)
    bodies = [
        (6, ["return Response('ok')"]),
        (1, ["if not request.user.is_authenticated:", "    return Response('no', status=401)", "return Response('ok')"]),
        (1, ["if request.method == 'POST' and not request.user.is_staff:", "    raise PermissionDenied", "return Response('ok')"]),
        (1, ["if request.user.is_anonymous:", "    raise NotAuthenticated", "return Response('ok')"]),
    ]
    body = list(pick(source, bodies))  # type: ignore[call-overload]
    wrapped = [f"@{source.choice(stock.decorators)}"] if source.random() < 0.12 else []
    order = [*wrapped, f"@api_view{methods}", *above]
    if source.random() < 0.06:
        order = [f"@api_view{methods}", *above, *wrapped]
    lines = [*order, f"def {name}({signature('request', parameters, source)}):", *indented(body, 1)]
    return Made(lines, name, name)


def api_attributes(source: random.Random, stock: Stock, actions: list[str]) -> list[str]:
    """What a class says of who may come through, on top of its methods."""
    lines: list[str] = []
    if source.random() < 0.65:
        lines.append(f"permission_classes = {permission_list(source, stock)}")
    if source.random() < 0.2:
        lines.append(f"authentication_classes = {authentication_list(source, stock)}")
    if source.random() < 0.1:
        lines.append(f"throttle_classes = {source.choice(['[AnonRateThrottle]', '[UserRateThrottle]', '[]'])}")
    if source.random() < 0.1:
        lines.append("is_open = True")
    if source.random() < 0.3:
        lines += ["", *get_permissions(source, stock, actions)]
    if source.random() < 0.08:
        lines += ["", "def initial(self, request, *args, **kwargs):", "    super().initial(request, *args, **kwargs)", *indented(late_check(source), 1)]
    if source.random() < 0.06:
        lines += ["", "def check_permissions(self, request):", *indented(source.choice([[], ["super().check_permissions(request)"]]), 1), *indented(late_check(source), 1)]
    if source.random() < 0.05:
        lines += ["", "def get_authenticators(self):", "    return [SessionAuthentication()]"]
    return lines


def late_check(source: random.Random) -> list[str]:
    asked = pick(source, ASKED[:6])
    refusal = source.choice(["raise NotAuthenticated", "raise PermissionDenied", "raise PermissionDenied('no')", "self.permission_denied(request)"])
    return [f"if not ({asked}):", f"    {refusal}"]


def get_permissions(source: random.Random, stock: Stock, actions: list[str]) -> list[str]:
    """`get_permissions`, by action or by method."""
    one = class_permission(source, stock)
    two = source.choice([name for name in [*LIBRARY, *stock.permissions] if name != one and "(" not in name])
    is_set = bool(actions)
    action = source.choice(actions) if actions else ""
    test = source.choice([f"self.action == '{action}'", f"self.action in ['{action}', 'list']", f"self.action in ('{action}',)"]) if is_set else source.choice(["self.request.method == 'GET'", "self.request.method in SAFE_METHODS", "self.request.method == 'POST'"])
    head = "def get_permissions(self):"
    forms = [
        (4, [head, f"    if {test}:", f"        return [{one}()]", f"    return [{two}()]"]),
        (2, [head, f"    if {test}:", f"        return [{one}()]", "    return super().get_permissions()"]),
        (2, [head, f"    if {test}:", f"        chosen = [{one}]", "    else:", f"        chosen = [{two}]", "    return [permission() for permission in chosen]"]),
        (1, [head, f"    classes = [{one}] if {test} else [{two}, {one}]", "    return [cls() for cls in classes]"]),
        (1, [head, f"    self.permission_classes = [{one}] if {test} else [{two}]", "    return super().get_permissions()"]),
        (1, [head, "    found = super().get_permissions()", f"    return [*found, {one}()]"]),
        (1, [head, f"    if {test}:", "        return []", f"    return [({one} | {two})()]"]),
    ]
    if is_set:
        forms.append((2, [f"by_action = {{'{action}': [{one}], 'list': [{two}]}}", "", head, "    return [cls() for cls in self.by_action.get(self.action, self.permission_classes)]"]))
        forms.append((1, [head, "    try:", f"        return [cls() for cls in {{'{action}': [{one}]}}[self.action]]", "    except KeyError:", "        return super().get_permissions()"]))
    return list(pick(source, forms))  # type: ignore[call-overload]


def class_view(source: random.Random, stock: Stock, name: str, parameters: list[str]) -> Made:
    title = titled(name)
    own = api_attributes(source, stock, [])
    if source.random() < 0.25:
        base = source.choice(["ListAPIView", "CreateAPIView", "ListCreateAPIView"])
        lines = [f"class {title}(generics.{base}):", "    queryset = Thing.objects.all()", "    serializer_class = ThingSerializer", *indented(own, 1)]
        return Made(lines, title, f"{title}.as_view()")
    inner: list[str] = []
    for method in source.choice([["get"], ["get", "post"], ["post"], ["get", "delete"], ["put", "patch"]]):
        body = [*(["if request.user.is_anonymous:", "    raise NotAuthenticated"] if source.random() < 0.08 else []), "return Response('ok')"]
        above = [f"@method_decorator({source.choice(['never_cache', 'csrf_exempt'])})"] if source.random() < 0.05 else []
        inner += ["", *above, f"def {method}({signature('self, request', parameters, source)}):", *indented(body, 1)]
    lines = [f"class {title}(APIView):", *indented([*own, *inner[0 if own else 1 :]], 1)]
    if source.random() < 0.15:
        child = f"{title}Child"
        body = source.choice([["pass"], [f"permission_classes = {permission_list(source, stock)}"], [f"def get({signature('self, request', parameters, source)}):", "    return Response('child')"]])
        return Made([*lines, "", "", f"class {child}({title}):", *indented(body, 1)], child, f"{child}.as_view()")
    return Made(lines, title, f"{title}.as_view()")


def extra_action(source: random.Random, stock: Stock, name: str) -> list[str]:
    """`@action`, with or without permissions of its own."""
    detail = source.choice(["True", "False"])
    options = [f"detail={detail}"]
    if source.random() < 0.5:
        options.append("methods=" + source.choice(["['get']", "['post']", "['get', 'post']", "['put', 'delete']"]))
    if source.random() < 0.4:
        options.append(f"permission_classes={permission_list(source, stock)}")
    if source.random() < 0.3:
        options.append(f"url_path='{name.replace('_', '-')}-x'")
    if source.random() < 0.1:
        options.append(f"authentication_classes={authentication_list(source, stock)}")
    lines = [f"@action({', '.join(options)})", f"def {name}(self, request, **kwargs):", "    return Response('extra')"]
    if source.random() < 0.12 and not any(option.startswith("methods") for option in options):
        lines += ["", f"@{name}.mapping.post", f"def {name}_made(self, request, **kwargs):", "    return Response('made')"]
    return lines


SETS = [
    ("viewsets.ModelViewSet", ["list", "create", "retrieve", "update", "partial_update", "destroy"]),
    ("viewsets.ReadOnlyModelViewSet", ["list", "retrieve"]),
    ("mixins.ListModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet", ["list", "create"]),
    ("mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet", ["retrieve", "destroy"]),
]


def viewset(source: random.Random, stock: Stock, name: str) -> tuple[Made, list[str]]:
    """A viewset, and the actions that it answers."""
    title = titled(name)
    if source.random() < 0.5:
        base, actions = source.choice(SETS)
        inner = ["queryset = Thing.objects.all()", "serializer_class = ThingSerializer"]
        actions = list(actions)
    else:
        base, inner = "viewsets.ViewSet", []
        actions = source.sample(["list", "create", "retrieve", "update", "destroy"], source.randint(1, 4))
    extras = [f"{name}_{word}" for word in source.sample(["mark", "count_all", "recent"], source.choice([0, 1, 1, 2]))]
    own = api_attributes(source, stock, [*actions, *extras])
    if base == "viewsets.ViewSet":
        for action in actions:
            own += ["", f"def {action}(self, request, **kwargs):", f"    return Response('{action}')"]
    for extra in extras:
        own += ["", *extra_action(source, stock, extra)]
    lines = [f"class {title}({base}):", *indented([*inner, *own] if inner else own[0 if own[0] else 1 :], 1)]
    return Made(lines, title, title), actions


def mounted_by_hand(source: random.Random, made: Made, actions: list[str]) -> list[tuple[str, str]]:
    """Patterns for a viewset without a router."""
    plain = {"list": "get", "create": "post"}
    detail = {"retrieve": "get", "update": "put", "partial_update": "patch", "destroy": "delete"}
    found = []
    for table, tail in ((plain, ""), (detail, "<int:pk>/")):
        pairs = {method: action for action, method in table.items() if action in actions}
        if pairs:
            found.append((tail, f"{made.name}.as_view({pairs!r})"))
    return found


def default_setting(source: random.Random, stock: Stock) -> list[str]:
    """`REST_FRAMEWORK`."""
    lines = []
    if source.random() < 0.7:
        own = source.choice(stock.authentications)
        session = "rest_framework.authentication.SessionAuthentication"
        names = source.choice([[session], [session, "rest_framework.authentication.BasicAuthentication"], [f"permits.{own}", session], [session, f"permits.{own}"]])
        lines.append(f'    "DEFAULT_AUTHENTICATION_CLASSES": {names!r},')
    if source.random() < 0.7:
        own = [f"permits.{name}" for name in stock.permissions if "(" not in name]
        library = [f"rest_framework.permissions.{name}" for name in ("IsAuthenticated", "IsAuthenticated", "IsAdminUser", "AllowAny", "IsAuthenticatedOrReadOnly")]
        names = source.sample([*library, *own], source.choice([1, 1, 1, 2]))
        listed = f"({names[0]!r},)" if source.random() < 0.2 else repr(names)
        lines.append(f'    "DEFAULT_PERMISSION_CLASSES": {listed},')
    lines.append('    "DEFAULT_THROTTLE_RATES": {"anon": "90000/day", "user": "90000/day"},')
    return ["REST_FRAMEWORK = {", *lines, "}"]
