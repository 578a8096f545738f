from django.contrib.auth.decorators import login_required, permission_required, user_passes_test
from django.http import HttpResponse, HttpResponseForbidden, JsonResponse
from django.shortcuts import redirect


def home(request):
    return HttpResponse("home")


def hello(request):
    name = request.user.username if request.user.is_authenticated else "stranger"
    return HttpResponse(name)


@login_required
def account(request):
    return JsonResponse({"name": request.user.username})


@permission_required("auth.change_user", raise_exception=True)
def people(request):
    return HttpResponse("people")


@user_passes_test(lambda user: user.is_staff)
def staff(request):
    return HttpResponse("staff")


def by_hand(request):
    if not request.user.is_authenticated:
        return redirect("/accounts/login/")
    return HttpResponse("mine")


def forbidden(request):
    if request.user.is_anonymous:
        return HttpResponseForbidden("no")
    return HttpResponse("yes")


def form(request):
    if request.method == "POST":
        return HttpResponse("saved")
    return HttpResponse("form")
