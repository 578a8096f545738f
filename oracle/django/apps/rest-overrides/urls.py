from django.urls import include, path
from rest_framework.routers import SimpleRouter

import views

router = SimpleRouter()
router.register("actions", views.ByAction, basename="actions")

urlpatterns = [
    path("initial/", views.Initial.as_view()),
    path("child/", views.Child.as_view()),
    path("reopened/", views.Reopened.as_view()),
    path("staff/", views.Staff.as_view()),
    path("", include(router.urls)),
]
