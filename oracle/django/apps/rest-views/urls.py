from django.urls import path

import views
from rest_framework.permissions import AllowAny

urlpatterns = [
    path("default/", views.Default.as_view()),
    path("open/", views.Open.as_view()),
    path("empty/", views.Empty.as_view()),
    path("admins/", views.Admins.as_view()),
    path("read-only/", views.ReadOnly.as_view()),
    path("closed/", views.closed),
    path("opened/", views.opened),
    path("asked/", views.asked),
    path("given/", views.Default.as_view(permission_classes=[AllowAny])),
]
