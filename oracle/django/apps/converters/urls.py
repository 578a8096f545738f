from django.urls import path, re_path

import views

urlpatterns = [
    path("things/<int:pk>/", views.show),
    path("things/<slug:name>/parts/<uuid:part>", views.show),
    path("files/<path:rest>", views.place),
    re_path(r"^archive/(?P<year>[0-9]{4})/$", views.old),
    re_path(r"^robots\.txt$", views.show),
]
