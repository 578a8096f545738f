from django.urls import path

import views

urlpatterns = [
    path("items/", views.listed),
    path("mine/", views.mine),
    path("items/<int:pk>/", views.one),
    path("any/<int:pk>/", views.any_of_them),
]
