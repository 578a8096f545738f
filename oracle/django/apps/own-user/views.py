from django.contrib.auth import get_user_model
from django.http import HttpResponse, JsonResponse


def manager(request):
    if not request.user.is_authenticated or request.user.role != "admin":
        return HttpResponse(status=403)
    return JsonResponse({"people": list(get_user_model().objects.values_list("username", flat=True))})


def chief(request):
    if not (request.user.is_authenticated and request.user.is_chief()):
        return HttpResponse(status=403)
    return HttpResponse("chief")
