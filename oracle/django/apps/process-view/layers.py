from django.shortcuts import redirect


class Gate:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if getattr(view, "is_public", False):
            return None
        if not request.user.is_authenticated:
            return redirect("/accounts/login/")
        return None
