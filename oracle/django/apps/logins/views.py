import json

from django.contrib.auth import authenticate, login, logout
from django.http import JsonResponse
from django.views.decorators.http import require_POST


@require_POST
def sign_in(request):
    data = json.loads(request.body)
    user = authenticate(request, username=data["username"], password=data["password"])
    if user is None:
        return JsonResponse({"error": "wrong"}, status=400)
    login(request, user)
    return JsonResponse({"ok": True})


@require_POST
def sign_out(request):
    logout(request)
    return JsonResponse({"ok": True})
