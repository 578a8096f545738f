from django.http import HttpResponse


def closed(request):
    return HttpResponse("closed")


def marked(request):
    return HttpResponse("marked")


marked.is_public = True
