from django.conf import settings
from django.http import HttpResponse


def page(request):
    return HttpResponse("page")


def debug(request):
    return HttpResponse("debug")
