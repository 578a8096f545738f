from django.contrib.auth.decorators import login_required
from django.urls import path

import views

urlpatterns = [
    path("plain/", views.Plain.as_view()),
    path("wrapped/", login_required(views.Plain.as_view())),
    path("guarded/", views.Guarded.as_view()),
    path("tested/", views.Tested.as_view()),
    path("permitted/", views.Permitted.as_view()),
    path("decorated/", views.Decorated.as_view()),
    path("on-method/", views.OnMethod.as_view()),
    path("on-dispatch/", views.OnDispatch.as_view()),
    path("own-dispatch/", views.OwnDispatch.as_view()),
    path("inherited/", views.Inherited.as_view(message="other")),
    path("restricted/", views.Restricted.as_view()),
    path("moved/", views.RedirectView.as_view(url="/plain/")),
]
