from django.contrib.auth.decorators import login_required
from django.http import HttpResponse


def one(request):
    return HttpResponse("one")


@login_required
def two(request, team=None):
    return HttpResponse("two")


def three(request):
    return HttpResponse("three")
