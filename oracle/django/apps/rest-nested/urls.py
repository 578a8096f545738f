from django.urls import include, path
from rest_framework_nested import routers

import views

router = routers.SimpleRouter()
router.register("boards", views.Boards, basename="boards")
cards = routers.NestedSimpleRouter(router, "boards", lookup="board")
cards.register("cards", views.Cards, basename="cards")

urlpatterns = [
    path("", include(router.urls)),
    path("", include(cards.urls)),
]
