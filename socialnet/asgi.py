"""The `live` process: `/ws/`, and `/health/live` for whoever supervises it. Pages and the API are served by `wsgi.py`;
here their addresses do not exist, so that nothing can be asked past the proxy's rules or hold up the sockets.
"""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "socialnet.settings")
django.setup(set_prefix=False)

from socialnet.consumers import LiveConsumer  # noqa: E402

sockets = LiveConsumer.as_asgi()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    match scope["type"], scope.get("path"):
        case "websocket", "/ws/":
            await sockets(scope, receive, send)
        case "websocket", _:
            await send({"type": "websocket.close"})
        case "http", path:
            await _answer(send, lives=path == "/health/live", has_body=scope["method"] != "HEAD")
        case kind, _:
            raise ValueError(f"{kind} is not spoken here")  # how servers learn that there is no lifespan


async def _answer(send: Any, *, lives: bool, has_body: bool) -> None:
    body = b'{"live": true}' if lives else b'{"code": "not_found"}'
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 200 if lives else 404, "headers": headers})
    await send({"type": "http.response.body", "body": body if has_body else b""})
