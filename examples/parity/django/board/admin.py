from django.contrib.auth import get_user_model
from rest_framework.permissions import IsAdminUser
from rest_framework.response import Response
from rest_framework.views import APIView


class Accounts(APIView):
    permission_classes = [IsAdminUser]

    def get(self, request):
        accounts = get_user_model().objects.all()
        return Response([{"id": it.id, "email": it.email, "staff": it.is_staff} for it in accounts])


class OneAccount(APIView):
    def delete(self, request, id):
        get_user_model().objects.filter(id=id).delete()
        return Response(status=204)
