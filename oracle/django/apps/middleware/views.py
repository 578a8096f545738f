from django.http import HttpResponse


def open_door(request):
    return HttpResponse("open")


def closed(request):
    return HttpResponse("closed")
