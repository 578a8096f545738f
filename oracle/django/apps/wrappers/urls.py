from django.urls import path

import views

urlpatterns = [
    path("staff/", views.staff),
    path("root/", views.root),
    path("plain/", views.plain),
    path("inner/", views.inner),
    path("outer/", views.outer),
    path("class/", views.staff_only(views.AsClass.as_view())),
]
