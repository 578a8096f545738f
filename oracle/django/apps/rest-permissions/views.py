from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView


class ReadOnly(BasePermission):
    def has_permission(self, request, view):
        return request.method in SAFE_METHODS


class IsRoot(BasePermission):
    message = "only root"

    def has_permission(self, request, view):
        return bool(request.user and request.user.is_superuser)


class Nobody(BasePermission):
    def has_permission(self, request, view):
        return False


class Both(APIView):
    permission_classes = [IsAuthenticated & IsRoot]

    def get(self, request):
        return Response("both")


class Either(APIView):
    permission_classes = [IsRoot | ReadOnly]

    def get(self, request):
        return Response("either")

    def post(self, request):
        return Response("either")


class Not(APIView):
    permission_classes = [~Nobody & IsAdminUser]

    def get(self, request):
        return Response("not")


class NotAtAll(APIView):
    permission_classes = [~Nobody]

    def get(self, request):
        return Response("not at all")


class Two(APIView):
    permission_classes = (IsAuthenticated, IsRoot)

    def delete(self, request):
        return Response("two")


class Inherits(IsAuthenticated):
    def has_permission(self, request, view):
        return super().has_permission(request, view) and request.user.is_active


class Inherited(APIView):
    permission_classes = [Inherits]

    def get(self, request):
        return Response("inherited")


class Dynamic(APIView):
    def get_permissions(self):
        if self.request.method == "GET":
            return []
        return [IsRoot()]

    def get(self, request):
        return Response("anybody")

    def post(self, request):
        return Response("root")
