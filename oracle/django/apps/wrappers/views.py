from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.views import View


def staff_only(view):
    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if not request.user.is_staff:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wrapper


def with_role(role):
    def decorate(view):
        @wraps(view)
        def wrapper(request, *args, **kwargs):
            if not request.user.is_authenticated:
                return JsonResponse({"error": "who?"}, status=401)
            if role == "root" and not request.user.is_superuser:
                return JsonResponse({"error": "no"}, status=403)
            return view(request, *args, **kwargs)

        return wrapper

    return decorate


def logged(view):
    @wraps(view)
    def wrapper(request, *args, **kwargs):
        return view(request, *args, **kwargs)

    return wrapper


@staff_only
def staff(request):
    return HttpResponse("staff")


@with_role("root")
def root(request):
    return HttpResponse("root")


@logged
def plain(request):
    return HttpResponse("plain")


@logged
@login_required
def inner(request):
    return HttpResponse("inner")


@login_required
@logged
def outer(request):
    return HttpResponse("outer")


class AsClass(View):
    def get(self, request):
        return HttpResponse("class")
