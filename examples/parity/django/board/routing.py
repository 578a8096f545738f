from django.urls import path

from . import consumers

websocket_urlpatterns = [
    path("feed", consumers.Feed.as_asgi()),
    path("wall", consumers.Wall.as_asgi()),
]
