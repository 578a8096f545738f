from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response

from serializers import ItemSerializer
from shop.models import Item


class Items(viewsets.ModelViewSet):
    queryset = Item.objects.all()
    serializer_class = ItemSerializer

    def get_queryset(self):
        return super().get_queryset().filter(owner=self.request.user)

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)

    @action(detail=True, methods=["post", "delete"], url_path="star")
    def mark(self, request, pk=None):
        return Response(self.get_object().title)

    @action(detail=False, permission_classes=[AllowAny])
    def popular(self, request):
        return Response("popular")


class Public(viewsets.ReadOnlyModelViewSet):
    queryset = Item.objects.filter(is_public=True)
    serializer_class = ItemSerializer
    permission_classes = [AllowAny]


class Mixed(mixins.ListModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet):
    queryset = Item.objects.all()
    serializer_class = ItemSerializer

    def get_permissions(self):
        if self.action == "list":
            return [AllowAny()]
        return [IsAuthenticated()]

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)


class Bare(viewsets.ViewSet):
    lookup_field = "slug"
    permission_classes = [AllowAny]

    def list(self, request):
        return Response("list")

    def retrieve(self, request, slug=None):
        return Response(slug)
