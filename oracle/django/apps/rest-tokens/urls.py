from django.urls import path
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

import views

urlpatterns = [
    path("me/", views.Me.as_view()),
    path("token/", TokenObtainPairView.as_view()),
    path("token/refresh/", TokenRefreshView.as_view()),
]
