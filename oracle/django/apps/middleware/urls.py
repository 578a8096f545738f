from django.urls import path

import views

urlpatterns = [
    path("public/x/", views.open_door),
    path("private/", views.closed),
]
