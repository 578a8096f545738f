"""What guards of generated Django projects are made of: texts, and the choices between them.

Everything comes from tables, so that a new way to ask or to refuse is one line. Names say nothing.
"""

from __future__ import annotations

import random

NAMES = """current_user require_user get_user authenticate check_token protect verify_access d7 gate load_context ensure_session sentry
with_identity step_one only_members inspect_request attach policy touch tenant north amber quill lattice""".split()

# The first folders of paths: middleware may name them.
TOPS = ["desk", "shop", "club", "yard"]

# Whether a request comes from somebody known, with how often; `request` is the request.
KNOWN = [
    (6, "request.user.is_authenticated"),
    (2, "not request.user.is_anonymous"),
    (3, "request.user.is_staff"),
    (1, "request.user.is_superuser"),
    (1, "request.user.is_active"),
    (2, "request.user.has_perm('auth.view_user')"),
    (1, "request.user.has_perms(['auth.view_user', 'auth.change_user'])"),
    (1, "request.user.username == 'good'"),
    (1, "request.user.pk"),
    (1, "request.user.id is not None"),
    (1, "request.user.is_authenticated and request.user.is_staff"),
    (1, "request.user.is_superuser or request.user.is_staff"),
    (2, "is_member(request.user)"),
    (2, "may_enter(request)"),
    (2, "request.headers.get('Authorization') == 'Bearer good'"),
    (1, "request.META.get('HTTP_X_API_KEY', '') == 'good'"),
    (1, "request.COOKIES.get('token') == 'good'"),
    (1, "request.session.get('user') is not None"),
    (1, "'user_id' in request.session"),
    (1, "token_of(request) in TOKENS"),
    (1, "TOKENS.get(token_of(request))"),
    (1, "hmac.compare_digest(request.headers.get('X-API-Key', ''), settings.SHOP_KEY)"),
]

REFUSALS = [
    "raise PermissionDenied",
    "raise PermissionDenied('not for you')",
    "return HttpResponseForbidden('no')",
    "return HttpResponse('no', status=401)",
    "return HttpResponse(status=403)",
    "return JsonResponse({'error': 'no'}, status=401)",
    "return JsonResponse({'error': 'no'}, status=403)",
    "return redirect('/accounts/login/')",
    "return redirect(settings.LOGIN_URL)",
    "return redirect('sign-in')",
    "return HttpResponseRedirect(reverse('sign-in'))",
    "return redirect(f'{settings.LOGIN_URL}?next={request.path}')",
    "return redirect_to_login(request.get_full_path())",
    "return refused()",
]

IMPORTS = """import hmac
import re
from functools import wraps

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required, login_required, permission_required, user_passes_test
from django.contrib.auth.mixins import AccessMixin, LoginRequiredMixin, PermissionRequiredMixin, UserPassesTestMixin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseForbidden, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import resolve, reverse
from django.utils.decorators import method_decorator
from django.utils.deprecation import MiddlewareMixin
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.generic import RedirectView, TemplateView
"""

HELPERS = '''

TOKENS = {"good": 7}


def refused():
    return JsonResponse({"error": "sign in"}, status=401)


def token_of(request):
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def is_member(user):
    return user.is_authenticated and user.is_active


def may_enter(request):
    if request.user.is_anonymous:
        return False
    return request.user.is_staff


def verify(header):
    if header != "Bearer good":
        raise ValueError("bad token")
    return 7
'''

HELPER_NAMES = ["TOKENS", "refused", "token_of", "is_member", "may_enter", "verify"]


def pick(source: random.Random, table: list[tuple[int, object]]) -> object:
    """One of a table of weights and choices."""
    return source.choices([choice for _, choice in table], weights=[weight for weight, _ in table])[0]


def known(source: random.Random) -> str:
    """An expression that holds for somebody known."""
    return str(pick(source, KNOWN))


def indented(lines: list[str], depth: int) -> list[str]:
    return ["    " * depth + line if line else "" for line in lines]


def titled(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def body_of(source: random.Random, done: str, refusals: list[str] = REFUSALS) -> list[str]:
    """The body of a guard; `done` is what it does once it lets the request on."""
    asked, refusal = known(source), source.choice(refusals)
    header = "request.headers.get('Authorization')"
    thrown = source.choice(["raise PermissionDenied", "raise PermissionDenied('no') from None", "return refused()"])
    choices = [
        (6, [f"if not ({asked}):", f"    {refusal}", done]),
        (3, [f"if {asked}:", f"    {done}", refusal]),
        (1, [f"if {asked}:", f"    {done}", "else:", f"    {refusal}"]),
        (1, [f"allowed = bool({asked})", "if allowed is False:", f"    {refusal}", done]),
        (1, ["user = getattr(request, 'user', None)", "if user is None or not user.is_authenticated:", f"    {refusal}", done]),
        (1, ["user = request.user", "if not user.is_authenticated:", f"    {refusal}", "if not user.is_staff:", "    raise PermissionDenied", done]),
        (2, ["try:", f"    request.actor = verify({header})", "except ValueError:", f"    {thrown}", done]),
        (2, ["try:", f"    request.actor = verify({header})", "except ValueError:", "    request.actor = None", done]),
        (1, [f"request.actor = 7 if {asked} else None", done]),
        (2, ["request.page = request.GET.get('page', 1)", done]),
        (1, ["if request.method == 'GET':", f"    {done}", f"if not ({asked}):", f"    {refusal}", done]),
        (1, [f"if request.method == 'POST' and not ({asked}):", f"    {refusal}", done]),
        (1, ["if request.method not in ('GET', 'HEAD', 'OPTIONS'):", f"    if not ({asked}):", f"        {refusal}", done]),
    ]
    return list(pick(source, choices))  # type: ignore[call-overload]


def decorator(source: random.Random, name: str, depth: int = 0) -> list[str]:
    body = body_of(source, "return view(request, *args, **kwargs)")
    wraps = ["    @wraps(view)"] if source.random() < 0.85 else []
    lines = [f"def {name}(view):", *wraps, "    def wrapper(request, *args, **kwargs):", *indented(body, 2), "", "    return wrapper"]
    return indented(lines, depth)


def decorator_factory(source: random.Random, name: str) -> list[str]:
    return [f"def {name}(role='user'):", *decorator(source, "decorate", 1), "", "    return decorate"]


def decorator_class(source: random.Random, name: str) -> list[str]:
    """A decorator that is an instance of a class, and hands out a function."""
    title = titled(name)
    body = body_of(source, "return view(request, *args, **kwargs)")
    inner = ["@wraps(view)", "def wrapper(request, *args, **kwargs):", *indented(body, 1), "", "return wrapper"]
    return [f"class {title}:", "    def __call__(self, view):", *indented(inner, 2), "", "", f"{name} = {title}()"]


def user_test(source: random.Random, name: str) -> list[str]:
    asked = str(pick(source, [row for row in KNOWN if row[1].startswith(("request.user", "not request.user", "is_member"))]))  # type: ignore[attr-defined]
    asked = asked.replace("request.user", "user")
    forms = [
        [f"def {name}(user):", f"    return {asked}"],
        [f"def {name}(user):", f"    if {asked}:", "        return True", "    return False"],
        [f"def {name}(user):", f"    if not ({asked}):", "        raise PermissionDenied", "    return True"],
        [f"{name} = lambda user: {asked}  # noqa: E731"],
        [f"def {name}(user):", "    return True"],
    ]
    return list(pick(source, list(zip([5, 2, 1, 2, 1], forms, strict=True))))  # type: ignore[call-overload]


def mixin(source: random.Random, name: str) -> list[str]:
    """A mixin of the project that asks before the view runs, or means to."""
    title = titled(name)
    goes_on = "return super().dispatch(request, *args, **kwargs)"
    asked = known(source)
    forms = [
        (4, [f"class {title}:", "    def dispatch(self, request, *args, **kwargs):", *indented(body_of(source, goes_on), 2)]),
        (2, [f"class {title}(AccessMixin):", "    def dispatch(self, request, *args, **kwargs):", f"        if not ({asked}):", "            return self.handle_no_permission()", f"        {goes_on}"]),
        (2, [f"class {title}(UserPassesTestMixin):", "    def test_func(self):", f"        return {asked.replace('request', 'self.request')}"]),
        (1, [f"class {title}(UserPassesTestMixin):", f"    raise_exception = {source.choice(['True', 'False'])}", "", "    def test_func(self):", "        user = self.request.user", "        return user.is_authenticated and user.is_staff"]),
        (1, [f"class {title}(LoginRequiredMixin):", "    login_url = '/login/'"]),
        (1, [f"class {title}(LoginRequiredMixin, UserPassesTestMixin):", "    def test_func(self):", "        return self.request.user.is_staff"]),
        (1, [f"class {title}(LoginRequiredMixin):", "    def dispatch(self, request, *args, **kwargs):", "        if not request.user.is_staff:", "            raise PermissionDenied", f"        {goes_on}"]),
        (1, [f"class {title}(LoginRequiredMixin):", "    def dispatch(self, request, *args, **kwargs):", "        request.seen = True", "        return View.dispatch(self, request, *args, **kwargs)"]),
        (1, [f"class {title}:", "    def setup(self, request, *args, **kwargs):", "        super().setup(request, *args, **kwargs)", f"        if not ({asked}):", "            raise PermissionDenied"]),
        (1, [f"class {title}(PermissionRequiredMixin):", "    permission_required = 'auth.view_user'"]),
        (1, [f"class {title}(PermissionRequiredMixin):", "    def has_permission(self):", "        return self.request.user.is_staff"]),
        (1, [f"class {title}(UserPassesTestMixin):", "    def test_func(self):", "        return True"]),
    ]
    return list(pick(source, forms))  # type: ignore[call-overload]


def base_view(source: random.Random, name: str, mixins: list[str]) -> list[str]:
    """A view that others inherit from."""
    title = titled(name)
    goes_on = "return super().dispatch(request, *args, **kwargs)"
    some = source.choice([*mixins, "LoginRequiredMixin"])
    forms = [
        (3, [f"class {title}({some}, View):", "    pass"]),
        (1, [f"class {title}(View, {some}):", "    pass"]),
        (2, [f"class {title}(View):", "    def dispatch(self, request, *args, **kwargs):", *indented(body_of(source, goes_on), 2)]),
        (2, ["@method_decorator(login_required, name='dispatch')", f"class {title}(View):", "    pass"]),
        (1, [f"class {title}(View):", "    @method_decorator(login_required)", "    def dispatch(self, request, *args, **kwargs):", f"        {goes_on}"]),
        (1, [f"class {title}(View):", "    @classmethod", "    def as_view(cls, **options):", "        return login_required(super().as_view(**options))"]),
        (1, [f"class {title}({some}, TemplateView):", "    pass"]),
    ]
    return list(pick(source, forms))  # type: ignore[call-overload]
