from django.urls import path

import views

urlpatterns = [
    path("items/", views.Items.as_view()),
    path("mine/", views.Mine.as_view()),
    path("items/<int:pk>/", views.One.as_view()),
    path("items/new/", views.New.as_view()),
    path("items/<int:pk>/edit/", views.Edit.as_view()),
    path("items/<int:pk>/remove/", views.Remove.as_view()),
]
