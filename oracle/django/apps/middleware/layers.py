from django.http import HttpResponse
from django.utils.deprecation import MiddlewareMixin


class Audit:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response["X-Seen"] = "1"
        return response


def timing(get_response):
    def middleware(request):
        return get_response(request)

    return middleware


class Gate(MiddlewareMixin):
    def process_request(self, request):
        if request.path.startswith("/public/"):
            return None
        if not request.user.is_authenticated:
            return HttpResponse(status=401)
        return None
