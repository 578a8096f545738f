from django.urls import path

from views import two

urlpatterns = [path("two/", two)]
