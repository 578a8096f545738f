from django.urls import path

import views

urlpatterns = [path("page/", views.page)]
