from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin, UserPassesTestMixin
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.generic import RedirectView, TemplateView


class Plain(View):
    def get(self, request):
        return HttpResponse("plain")

    def post(self, request):
        return HttpResponse("posted")


class Guarded(LoginRequiredMixin, View):
    def get(self, request):
        return HttpResponse("guarded")


class Tested(UserPassesTestMixin, View):
    def test_func(self):
        return self.request.user.is_staff

    def get(self, request):
        return HttpResponse("tested")


class Permitted(PermissionRequiredMixin, View):
    permission_required = "auth.change_user"
    raise_exception = True

    def delete(self, request):
        return HttpResponse("permitted")


@method_decorator(login_required, name="dispatch")
class Decorated(View):
    def get(self, request):
        return HttpResponse("decorated")


class OnMethod(View):
    def get(self, request):
        return HttpResponse("open")

    @method_decorator(login_required)
    def post(self, request):
        return HttpResponse("closed")


class OnDispatch(View):
    @method_decorator(login_required)
    def dispatch(self, *args, **kwargs):
        return super().dispatch(*args, **kwargs)

    def get(self, request):
        return HttpResponse("closed")


class OwnDispatch(View):
    def dispatch(self, request, *args, **kwargs):
        if not request.user.is_authenticated:
            return HttpResponse(status=401)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request):
        return HttpResponse("closed")


class Base(LoginRequiredMixin, View):
    message = "base"

    def get(self, request):
        return HttpResponse(self.message)


class Inherited(Base):
    message = "inherited"

    def put(self, request):
        return HttpResponse("put")


class Restricted(View):
    http_method_names = ["get"]

    def get(self, request):
        return HttpResponse("get")

    def post(self, request):
        return HttpResponse("never")
