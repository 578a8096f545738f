from django.urls import path

import views

urlpatterns = [
    path("", views.home),
    path("hello/", views.hello),
    path("account/", views.account),
    path("people/", views.people),
    path("staff/", views.staff),
    path("by-hand/", views.by_hand),
    path("forbidden/", views.forbidden),
    path("form/", views.form),
]
