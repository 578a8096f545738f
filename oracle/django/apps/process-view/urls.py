from django.urls import path

import views

urlpatterns = [
    path("closed/", views.closed),
    path("marked/", views.marked),
]
