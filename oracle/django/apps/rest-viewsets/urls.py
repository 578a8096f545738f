from django.urls import include, path
from rest_framework.routers import DefaultRouter, SimpleRouter

import views

router = DefaultRouter()
router.register("items", views.Items)
router.register(r"public", views.Public, basename="public")

plain = SimpleRouter(trailing_slash=False)
plain.register("mixed", views.Mixed, basename="mixed")
plain.register("bare", views.Bare, basename="bare")

urlpatterns = [
    path("api/", include(router.urls)),
    path("v2/", include(plain.urls)),
    path("by-hand/", views.Items.as_view({"get": "list"})),
]
