from django.urls import include, path

import deeper
import views

app_name = "strings"
urlpatterns = [
    path("one/", views.one, name="one"),
    path("deeper/", include(deeper)),
]
