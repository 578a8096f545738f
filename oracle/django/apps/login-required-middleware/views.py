from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse


@login_not_required
def welcome(request):
    return HttpResponse("welcome")


def inside(request):
    return HttpResponse("inside")
