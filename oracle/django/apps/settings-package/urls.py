from django.conf import settings
from django.urls import path

import views

urlpatterns = [path("page/", views.page)]
if settings.DEBUG:
    urlpatterns += [path("debug/", views.debug)]
if settings.WITH_EXTRA:
    urlpatterns += [path("extra/", views.page)]
