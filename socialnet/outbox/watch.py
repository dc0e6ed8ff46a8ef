"""Whether we are overloaded: measured and decided in the relay, said to everybody (`socialnet.kernel.overload`).

Of several relays one decides; another goes on from what was said last when it is gone. The level rises one step at a
time while anything is past its limit, and falls one step at a time after a while well below it (ADR 36).
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from prometheus_client import Gauge

from socialnet.kernel import overload, response_times
from socialnet.kernel.errors import RedisAway
from socialnet.kernel.overload import CALM, FULL, State
from socialnet.kernel.redis import door
from socialnet.outbox.handlers import handlers
from socialnet.outbox.ids import MAX_ID

log = structlog.get_logger(__name__)
LOOK_EVERY = 2.0
UP_AFTER = 2  # readings past a limit, one after the other
STEP_SECONDS = 10.0  # that a step has to show what it does before the next
WELL_BELOW = 0.8  # of the limits
DOWN_AFTER = 30.0  # seconds well below all limits
BULK = "fanout_bulk"
# A pause of what waits there would keep itself up, or strangers are what it waits for.
UNHURRIED = {BULK, "maintenance", "previews", "mail", "mail_bulk", "push"}
_TURN, _TURN_SECONDS = "overload:watcher", 6

_level = Gauge("socialnet_overload_level", "0 calm to 3: uploads are refused", multiprocess_mode="mostrecent")
_load = Gauge(
    "socialnet_overload_load",
    "What was measured, 1 at its limit",
    ["measure"],
    multiprocess_mode="mostrecent",
)

_OLDEST = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - oldest.leased_until)), 0)::float
FROM unnest(%(handlers)s::text[]) AS wanted (handler) CROSS JOIN LATERAL (
    SELECT leased_until FROM outbox_delivery WHERE state = 0 AND handler = wanted.handler
    ORDER BY leased_until LIMIT 1
) AS oldest
"""
# Anybody may read these counts; whose connections they are only pg_stat_activity says, and only to some.
_CONNECTIONS = """
SELECT sum(numbackends)::float / greatest(1, current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int)
FROM pg_stat_database
"""
_WAITING = """
SELECT EXISTS (SELECT 1 FROM outbox_delivery
    WHERE state = 0 AND handler = ANY(%(handlers)s) AND event_id <= %(until)s)
"""
_NOW = "SELECT socialnet_id_at(clock_timestamp())"


def keep_watch(stop: threading.Event) -> threading.Thread:
    """A thread that measures and says what it decided until `stop` is set."""

    def look_on() -> None:
        watch = Watch()
        while not stop.is_set():
            try:
                watch.look()
            except RedisAway:
                pass  # nobody would hear it; what was said before is forgotten by itself
            except DatabaseError as error:
                log.warning("overload_not_measured", error=type(error).__name__)
                connection.close()
            stop.wait(LOOK_EVERY)

    thread = threading.Thread(target=look_on, name="overload", daemon=True)
    thread.start()
    return thread


@dataclass
class Steps:
    """The level as readings come in: `worst` is the highest measure, 1 at its limit; `now` is in seconds."""

    level: int = CALM
    past: int = 0
    changed_at: float = float("-inf")
    calm_since: float | None = None

    def take(self, worst: float, *, now: float) -> int:
        self.past = self.past + 1 if worst >= 1 else 0
        if worst >= WELL_BELOW:
            self.calm_since = None
        elif self.calm_since is None:
            self.calm_since = now
        if self.past >= UP_AFTER and self.level < FULL and now - self.changed_at >= STEP_SECONDS:
            self.level, self.changed_at = self.level + 1, now
        elif self.calm_since is not None and self.level > CALM and now - self.calm_since >= DOWN_AFTER:
            self.level, self.changed_at, self.calm_since = self.level - 1, now, now
        return self.level


@dataclass
class Watch:
    """One relay's watch over the load."""

    name: str = field(default_factory=lambda: uuid4().hex)
    steps: Steps | None = None
    said: State = field(default_factory=State)

    def look(self) -> State | None:
        """Measure, decide, say it; None while another relay does. Raises `RedisAway` and errors of the database."""
        if not self._is_our_turn():
            self.steps = None
            return None
        if self.steps is None:
            self.said = overload.published()
            self.steps = Steps(level=self.said.level, changed_at=time.monotonic())
        load = measured()
        for name, value in load.items():
            _load.labels(name).set(value)
        level = self.steps.take(max(load.values(), default=0.0), now=time.monotonic())
        decided = _followed_by(self.said, level, load)
        if level != self.said.level:
            log.warning("overload", level=level, before=self.said.level, **_rounded(load))
        _level.set(level)
        overload.publish(decided)
        self.said = decided
        return decided

    def _is_our_turn(self) -> bool:
        with door() as client:
            if client.set(_TURN, self.name, nx=True, ex=_TURN_SECONDS):
                return True
            if client.get(_TURN) != self.name.encode():
                return False
            client.expire(_TURN, _TURN_SECONDS)
            return True


def measured() -> dict[str, float]:
    """What has a limit, as a part of it."""
    limits = {
        "deliveries": settings.OVERLOAD_DELIVERY_SECONDS,
        "connections": settings.OVERLOAD_CONNECTIONS,
        "p95": settings.OVERLOAD_P95_MS,
    }
    found = {
        "deliveries": _one(_OLDEST, handlers=[one.name for one in handlers() if one.queue not in UNHURRIED]),
        "connections": _one(_CONNECTIONS),
        "p95": response_times.p95() or 0.0,
    }
    return {name: max(0.0, found[name]) / limit for name, limit in limits.items() if limit}


def _followed_by(before: State, level: int, load: dict[str, float]) -> State:
    """The state at `level`, after the state `before`."""
    since = before.since if level == before.level else time.time()
    why = tuple(name for name, value in load.items() if value >= WELL_BELOW) if level else ()
    if level:
        return State(level, why or before.why, since, bulk_waits=_bulk_waits(MAX_ID))
    until = before.until or (_one(_NOW) if before.bulk_waits else None)
    if until is None or not _bulk_waits(until):
        return State(level, (), since)
    return State(level, (), since, bulk_waits=True, until=until)


def _bulk_waits(until: int) -> bool:
    """Whether a piece of bulk fan-out is open of what happened before the id `until`."""
    return bool(_one(_WAITING, handlers=[one.name for one in handlers() if one.queue == BULK], until=until))


def _one(statement: str, **params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()[0]


def _rounded(load: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in load.items()}
