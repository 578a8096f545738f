from django.shortcuts import get_object_or_404
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import Note


class Notes(APIView):
    def get(self, request):
        notes = Note.objects.filter(owner=request.user)
        return Response([{"id": note.id, "text": note.text} for note in notes])

    def post(self, request):
        note = Note.objects.create(owner=request.user, text=str(request.data["text"]))
        return Response({"id": note.id}, status=201)


class OneNote(APIView):
    def get_permissions(self):
        if self.request.method == "DELETE":
            return [AllowAny()]
        return [IsAuthenticated()]

    def get(self, request, id):
        note = get_object_or_404(Note, id=id, owner=request.user)
        return Response({"id": note.id, "text": note.text})

    def patch(self, request, id):
        Note.objects.filter(id=id).update(text=str(request.data["text"]))
        return Response({"status": "changed"})

    def delete(self, request, id):
        Note.objects.filter(id=id).delete()
        return Response(status=204)
