from django.urls import path, re_path

import consumers

websocket_urlpatterns = [
    path("ws/open/<str:room>/", consumers.Open.as_asgi()),
    path("ws/closed/", consumers.Closed.as_asgi()),
    path("ws/json/", consumers.Json.as_asgi()),
    re_path(r"^ws/kinds/(?P<number>[0-9]+)/$", consumers.Kinds.as_asgi()),
    path("ws/denied/", consumers.Denied.as_asgi()),
    path("ws/default/", consumers.Default.as_asgi()),
]
