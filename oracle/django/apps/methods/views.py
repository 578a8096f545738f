from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe


@require_GET
def read(request):
    return HttpResponse("read")


@csrf_exempt
@require_POST
def write(request):
    return HttpResponse("write")


@require_http_methods(["GET", "PUT", "DELETE"])
@login_required
def several(request):
    return HttpResponse("several")


@require_safe
def safe(request):
    return HttpResponse("safe")


def told_apart(request):
    if request.method == "DELETE":
        return HttpResponse("gone")
    elif request.method == "POST":
        return HttpResponse("made")
    return HttpResponse("there")
