from django.contrib.auth import authenticate, get_user_model
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView
from rest_framework_simplejwt.tokens import AccessToken


class Open(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]


class Health(Open):
    def get(self, request):
        return Response({"status": "ok"})


class Register(Open):
    def post(self, request):
        accounts = get_user_model().objects
        email = str(request.data["email"])
        if not accounts.filter(username=email).exists():
            accounts.create_user(username=email, email=email, password=str(request.data["password"]))
        return Response({"status": "accepted"}, status=202)


class LoginFromApp(Open):
    def post(self, request):
        account = authenticate(
            request, username=str(request.data["email"]), password=str(request.data["password"])
        )
        if account is None:
            raise AuthenticationFailed("wrong email or password")
        return Response({"token": str(AccessToken.for_user(account))})


class Login(LoginFromApp):
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "login"
