"""What is up and what is not: for the supervisor, for balancers, and in words for people."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from django.db import DatabaseError, InterfaceError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from socialnet.kernel import breaker, neighbours, overload
from socialnet.kernel.errors import DatabaseAway, RedisAway
from socialnet.kernel.redis import door, dumps, loads

UP, DOWN, UNKNOWN = "up", "down", "unknown"
BEAT_EVERY, BEAT_LASTS = 5, 15  # seconds
# By the queues they take. Long work has a worker of its own, so that it keeps nothing else waiting.
# What speaks with strangers has one that may wait for them, and that alone needs a way out of our network.
WORKERS = {
    "worker": ("fanout", "notify", "default"),
    "bulk": ("fanout_bulk", "maintenance"),
    "outside": ("previews", "mail", "mail_bulk", "push"),
}
BEATING = ("relay", *WORKERS)
NEEDED = ("postgresql", "migrations")  # without the others the site is slower, not away
_AWAY = (DatabaseError, InterfaceError, DatabaseAway)
WORDS = {
    "postgresql": (_("Posts and people"), _("Where everything is kept.")),
    "migrations": (_("Tables"), _("Whether the tables fit this version.")),
    "redis": (_("Speed and live news"), _("Without it pages are slower and news comes later.")),
    "relay": (_("Delivery"), _("Sees to it that posts reach their readers.")),
    "worker": (_("Helpers"), _("Bring posts to the home pages.")),
    "bulk": (_("Helpers for long work"), _("Bring posts of widely followed people, and tidy up.")),
    "outside": (_("The way out"), _("Sends letters and push messages, and looks at what posts link to.")),
}


def heartbeat(part: str) -> None:
    """Say that `part` lives and how its breakers stand; forgotten after 15 seconds. Silent while Redis is away."""
    try:
        with door() as client:
            client.set(f"heartbeat:{part}", dumps(breaker.snapshot()), ex=BEAT_LASTS)
    except RedisAway:
        return


def keep_beating(part: str, stop: threading.Event) -> threading.Thread:
    """A thread that beats for `part` until `stop` is set, however busy its process is."""

    def beat() -> None:
        heartbeat(part)
        while not stop.wait(BEAT_EVERY):
            heartbeat(part)

    thread = threading.Thread(target=beat, name=f"heartbeat-{part}", daemon=True)
    thread.start()
    return thread


def beats() -> dict[str, str]:
    """Which of the beating parts beat lately; unknown while Redis is away."""
    try:
        found = _last_beats()
    except RedisAway:
        return dict.fromkeys(BEATING, UNKNOWN)
    return {part: UP if beat else DOWN for part, beat in found.items()}


def _last_beats() -> dict[str, bytes | str | None]:
    with door() as client:
        found = client.mget([f"heartbeat:{part}" for part in BEATING])
    return dict(zip(BEATING, found, strict=True))


def parts() -> dict[str, str]:
    """Every part with up, down or unknown."""
    return {
        "postgresql": _state(_database_answers),
        "redis": _state(_redis_answers),
        "migrations": _state(_is_migrated),
        **beats(),
    }


def _state(check: Callable[[], bool]) -> str:
    try:
        return UP if check() else DOWN
    except (*_AWAY, RedisAway):
        return DOWN


def _database_answers() -> bool:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def _redis_answers() -> bool:
    with door() as client:
        return bool(client.ping())


def _is_migrated() -> bool:
    """Yes stays yes for the life of the process; no is asked again."""
    if not _migrated():
        _migrated.cache_clear()
        return False
    return True


@cache
def _migrated() -> bool:
    executor = MigrationExecutor(connections["default"])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def is_ready(states: Mapping[str, str]) -> bool:
    return all(states[part] == UP for part in NEEDED)


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"live": True})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    states = parts()
    able = is_ready(states)
    told = {"ready": able, "parts": states, "overload": overload.shown()}
    response = JsonResponse(told, status=200 if able else 503)
    if not able:
        response["Retry-After"] = "5"
    return response


@never_cache
@require_safe
def circuit_breakers(request: HttpRequest) -> JsonResponse:
    """The breakers of the process that happens to answer, of the parts that beat, and those that were told of as open.

    A worker's are those of its main process: with `-P threads` the one that works, else the parent of those that do.
    """
    shown: dict[str, Any] = {"breakers": breaker.snapshot(), "parts": {}, "away": {}}
    with suppress(RedisAway):
        shown["away"] = neighbours.away()
        shown["parts"] = {part: loads(beat) for part, beat in _last_beats().items() if beat}
    return JsonResponse(shown)
