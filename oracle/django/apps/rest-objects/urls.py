from django.urls import path

import views

urlpatterns = [
    path("items/", views.All.as_view()),
    path("items/<int:pk>/", views.One.as_view()),
    path("only-owner/<int:pk>/", views.OnlyOwner.as_view()),
]
