from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly
from rest_framework.response import Response
from rest_framework.views import APIView


class Default(APIView):
    def get(self, request):
        return Response("default")


class Open(APIView):
    permission_classes = [AllowAny]

    def get(self, request):
        return Response("open")

    def post(self, request):
        return Response("posted")


class Empty(APIView):
    permission_classes = []

    def get(self, request):
        return Response("empty")


class Admins(APIView):
    permission_classes = [IsAdminUser]

    def get(self, request):
        return Response("admins")


class ReadOnly(APIView):
    permission_classes = [IsAuthenticatedOrReadOnly]

    def get(self, request):
        return Response("read")

    def put(self, request):
        return Response("written")


@api_view(["GET", "POST"])
def closed(request):
    return Response("closed")


@api_view(["GET"])
@permission_classes([AllowAny])
def opened(request):
    return Response("open")


@api_view()
@permission_classes([IsAuthenticated])
def asked(request):
    return Response("asked")
