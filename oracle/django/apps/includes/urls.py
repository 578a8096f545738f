from django.contrib.auth.decorators import login_required
from django.urls import include, path

import views

more = [
    path("three/", views.three),
    path("guarded/", login_required(views.three)),
]

urlpatterns = [
    path("strings/", include("strings")),
    path("lists/", include(more)),
    path("tuples/", include((more, "more"), namespace="other")),
    path("teams/<int:team>/", include([path("two/", views.two)])),
]
for name in ("north", "south"):
    urlpatterns.append(path(f"{name}/", views.one, name=name))
urlpatterns += [path("late/", views.two)]
