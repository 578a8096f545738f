from django.urls import path

import views

urlpatterns = [
    path("sign-in/", views.sign_in),
    path("sign-out/", views.sign_out),
]
