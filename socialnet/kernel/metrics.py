"""What Prometheus reads: `/metrics`, for loopback or whoever has the token."""

import hmac
import os

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from socialnet.kernel import ratelimit
from socialnet.kernel.errors import NotFound

REQUESTS = Histogram("socialnet_request_seconds", "Requests by route", ["method", "route", "status"])
REPLAYS = Counter("socialnet_idempotent_replays", "Answers given again for the same idempotency key")
LOOPBACK = {"127.0.0.1", "::"}  # the second is ::1 as `address_of` shortens it


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_has_token(request) or _is_local(request)):
        raise NotFound
    return HttpResponse(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(
        given.encode(), settings.METRICS_TOKEN.encode()
    )


def _is_local(request: HttpRequest) -> bool:
    """From this machine and not through a proxy on it, which would lend everybody its address."""
    return "X-Forwarded-For" not in request.headers and ratelimit.address_of(request) in LOOPBACK


def registry() -> CollectorRegistry:
    """All web processes together when they share a folder for it, else this one alone."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry
