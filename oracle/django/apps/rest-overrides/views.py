from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet


class Initial(APIView):
    permission_classes = [AllowAny]

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if not request.user.is_authenticated:
            raise NotAuthenticated()

    def get(self, request):
        return Response("in")


class Base(APIView):
    permission_classes = [IsAuthenticated]


class Child(Base):
    def get(self, request):
        return Response("child")


class Reopened(Base):
    permission_classes = [AllowAny]

    def get(self, request):
        return Response("reopened")


class StaffMixin:
    def check_permissions(self, request):
        super().check_permissions(request)
        if not request.user.is_staff:
            raise PermissionDenied()


class Staff(StaffMixin, Base):
    def post(self, request):
        return Response("staff")


class ByAction(ViewSet):
    per_action = {"list": [AllowAny], "create": [IsAuthenticated]}

    def get_permissions(self):
        return [permission() for permission in self.per_action.get(self.action, [IsAuthenticated])]

    def list(self, request):
        return Response([])

    def create(self, request):
        return Response({})

    def destroy(self, request, pk=None):
        return Response({})
