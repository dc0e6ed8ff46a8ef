"""The product as script/server serves it, with the bare view beside it and a way to count round trips."""

import os
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "socialnet.settings")

from socialnet.wsgi import application as product  # isort: skip  # sets Django up
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.test.utils import override_settings
from redis.connection import AbstractConnection

StartResponse = Callable[..., Any]
ONLY_THE_SESSION = ["django.contrib.sessions.middleware.SessionMiddleware"]


class BareHandler(WSGIHandler):
    """Django with the session and nothing else of the middleware."""

    def load_middleware(self, is_async: bool = False) -> None:
        with override_settings(MIDDLEWARE=ONLY_THE_SESSION):
            super().load_middleware(is_async)

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = "bench.bare"  # type: ignore[attr-defined]
        return super().get_response(request)


bare = BareHandler()


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    serve = bare if environ["PATH_INFO"].startswith("/bench/") else product
    if "HTTP_X_BENCH_COUNT" not in environ:
        return serve(environ, start_response)
    with counted() as counts:

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(
                status, [*headers, *((name, str(many)) for name, many in counts.items())], *rest
            )

        return serve(environ, start)


@contextmanager
def counted() -> Any:
    """SQL statements, connection checks and Redis round trips of what runs meanwhile (one request at a time)."""
    counts = {"X-Bench-SQL": 0, "X-Bench-Checks": 0, "X-Bench-Redis": 0}

    def statement(execute: Any, *args: Any) -> Any:
        counts["X-Bench-SQL"] += 1
        return execute(*args)

    send, is_usable = (
        AbstractConnection.send_packed_command,
        type(connection._connections[connection._alias]).is_usable,
    )

    def sent(self: Any, *args: Any, **kwargs: Any) -> Any:
        counts["X-Bench-Redis"] += 1  # a pipeline goes out in one piece
        return send(self, *args, **kwargs)

    def checked(self: Any) -> bool:
        counts["X-Bench-Checks"] += 1
        return bool(is_usable(self))

    wrapper = type(connection._connections[connection._alias])
    AbstractConnection.send_packed_command, wrapper.is_usable = sent, checked
    try:
        with connection.execute_wrapper(statement):
            yield counts
    finally:
        AbstractConnection.send_packed_command, wrapper.is_usable = send, is_usable
