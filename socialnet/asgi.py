"""The `live` process: `/ws/` only. Pages and the API are served by `wsgi.py`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "socialnet.settings")
os.environ["CONN_MAX_AGE"] = "0"  # an async server would leak one connection per request

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

pages = get_asgi_application()

from socialnet.consumers import LiveConsumer  # noqa: E402

application = ProtocolTypeRouter(
    {"http": pages, "websocket": URLRouter([path("ws/", LiveConsumer.as_asgi())])}
)
