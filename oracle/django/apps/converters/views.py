from django.http import HttpResponse


def show(request, **kwargs):
    return HttpResponse("x")


def place(request, rest):
    return HttpResponse(rest)


def old(request, year):
    return HttpResponse(year)
