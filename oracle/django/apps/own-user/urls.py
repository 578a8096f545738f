from django.urls import path

import views

urlpatterns = [
    path("manager/", views.manager),
    path("chief/", views.chief),
]
