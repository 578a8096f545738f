from django.urls import path

import views

urlpatterns = [
    path("read", views.read),
    path("write", views.write),
    path("several", views.several),
    path("safe", views.safe),
    path("told-apart", views.told_apart),
]
