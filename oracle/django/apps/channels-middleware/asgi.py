import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
http = get_asgi_application()

import routing  # noqa: E402
from layers import ByQuery, Closes  # noqa: E402

application = ProtocolTypeRouter({
    "http": http,
    "websocket": ByQuery(Closes(URLRouter(routing.websocket_urlpatterns))),
})
