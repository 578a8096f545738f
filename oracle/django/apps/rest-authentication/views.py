from django.contrib.auth import get_user_model
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView


class ByKey(BaseAuthentication):
    def authenticate(self, request):
        key = request.headers.get("X-API-Key")
        if not key:
            return None
        if key != "good":
            raise AuthenticationFailed("no")
        return get_user_model().objects.get(username="good"), None


class Nobody(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request):
        return Response("open")


class Keyed(APIView):
    authentication_classes = [ByKey]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response("keyed")


class Sessions(APIView):
    authentication_classes = [SessionAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response("session")

    def post(self, request):
        return Response("session")


class ByHand(APIView):
    permission_classes = [AllowAny]

    def get(self, request):
        if not request.user.is_authenticated:
            return Response(status=401)
        return Response("mine")
