from django.urls import path

import consumers

websocket_urlpatterns = [
    path("ws/outside/", consumers.Echo.as_asgi()),
    path("ws/asks/", consumers.Asks.as_asgi()),
]
