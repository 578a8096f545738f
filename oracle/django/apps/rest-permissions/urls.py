from django.urls import path

import views

urlpatterns = [
    path("both/", views.Both.as_view()),
    path("either/", views.Either.as_view()),
    path("not/", views.Not.as_view()),
    path("not-at-all/", views.NotAtAll.as_view()),
    path("two/", views.Two.as_view()),
    path("inherited/", views.Inherited.as_view()),
    path("dynamic/", views.Dynamic.as_view()),
]
