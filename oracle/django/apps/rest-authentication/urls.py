from django.urls import path

import views

urlpatterns = [
    path("nobody/", views.Nobody.as_view()),
    path("keyed/", views.Keyed.as_view()),
    path("sessions/", views.Sessions.as_view()),
    path("by-hand/", views.ByHand.as_view()),
]
