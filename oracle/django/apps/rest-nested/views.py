from rest_framework import viewsets
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response


class Boards(viewsets.ViewSet):
    permission_classes = [AllowAny]

    def list(self, request):
        return Response([])

    def retrieve(self, request, pk=None):
        return Response(pk)


class Cards(viewsets.ViewSet):
    permission_classes = [IsAuthenticated]

    def list(self, request, board_pk=None):
        return Response(board_pk)

    def update(self, request, pk=None, board_pk=None):
        return Response(pk)
