from django.urls import include, path

import views

urlpatterns = [
    path("page/", views.page),
    path("accounts/", include("django.contrib.auth.urls")),
]
