"""Making deliveries: claim, hand to the handler, mark done; split a failing batch; give up after five attempts.

Attempts are counted in PostgreSQL before the handler runs, so a delivery that kills its worker is counted too.
What was tried before runs alone: a poisoned delivery cannot take its batch down twice.

A claim keeps every other message away until the lease ends; the same message, brought again because its worker was
lost, takes over at once what it had claimed.
"""

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import uuid4

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection
from prometheus_client import Counter, Histogram

from socialnet.kernel.errors import RedisAway
from socialnet.kernel.logging import places
from socialnet.kernel.postgres import is_away
from socialnet.kernel.redis import loads
from socialnet.outbox.errors import NotYet
from socialnet.outbox.events import Event, restore
from socialnet.outbox.handlers import LEASE_SECONDS, Handler, Owed, handler_named
from socialnet.outbox.models import Delivery

log = structlog.get_logger(__name__)
MAX_ATTEMPTS = 5
_made = Counter("socialnet_deliveries", "Deliveries by handler and outcome", ["handler", "outcome"])
_seconds = Histogram("socialnet_delivery_seconds", "Time a handler took for a batch", ["handler"])

_CLAIM = """
UPDATE outbox_delivery d SET attempts = d.attempts + 1, claimed_by = %(message)s,
    leased_until = clock_timestamp() + make_interval(secs => %(lease)s)
FROM outbox_event e
WHERE d.id = ANY(%(ids)s) AND d.state = 0 AND d.attempts <= %(tried)s AND e.id = d.event_id
    AND (d.leased_until <= clock_timestamp()
        OR (d.last_error = '' AND (d.claimed_by = '' OR (d.claimed_by = %(message)s AND %(again)s))))
RETURNING d.id, d.handler, d.key, d.attempts, e.id, e.name, e.payload, e.request_id
"""
_FAIL = """
UPDATE outbox_delivery SET last_error = %(error)s, claimed_by = '',
    state = CASE WHEN attempts >= %(most)s THEN 2 ELSE 0 END,
    leased_until = clock_timestamp() + make_interval(secs => %(pause)s)
WHERE id = %(id)s AND state = 0 AND claimed_by = %(message)s
"""

_POSTPONE = """
UPDATE outbox_delivery SET last_error = %(error)s, claimed_by = '', attempts = greatest(attempts - 1, 0),
    leased_until = clock_timestamp() + make_interval(secs => %(pause)s)
WHERE id = ANY(%(ids)s) AND state = 0 AND claimed_by = %(message)s
"""


@dataclass(frozen=True)
class Message:
    """What brought deliveries to a worker; `again` when it did before, to a worker that was lost."""

    id: str = field(default_factory=lambda: uuid4().hex)
    again: bool = False


@dataclass(frozen=True)
class Claim:
    """A delivery that this process is making now, for `message`."""

    id: int
    message: str
    key: str
    attempts: int
    event: Event


def run(name: str, delivery_ids: Sequence[int], *, message: Message | None = None) -> int:
    """Make these deliveries to the handler called `name`; returns how many were made.

    Passed over are those that are done, and those that another message claimed and is still at.
    """
    handler, message = handler_named(name), message or Message()
    fresh = _claim(delivery_ids, tried=0, message=message)
    made = _make(handler, fresh) if fresh else 0
    for delivery_id in sorted(set(delivery_ids) - {claim.id for claim in fresh}):
        if again := _claim([delivery_id], tried=MAX_ATTEMPTS, message=message):
            made += _make(handler, again)
    return made


def _claim(delivery_ids: Sequence[int], *, tried: int, message: Message) -> list[Claim]:
    params: dict[str, Any] = {
        "ids": list(delivery_ids),
        "lease": LEASE_SECONDS,
        "tried": tried,
        "message": message.id,
        "again": message.again,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, params)
        rows = cursor.fetchall()
    claims = []
    for ident, handler, key, attempts, event_id, name, payload, request_id in sorted(rows, key=itemgetter(0)):
        try:
            event = restore(name, _json(payload), ident=event_id, request_id=request_id)
        except (KeyError, TypeError) as error:  # of another release: unknown, or with other fields
            unreadable = Event(id=event_id, request_id=request_id)
            _fail(handler, Claim(ident, message.id, key, attempts, unreadable), _place(error))
        else:
            claims.append(Claim(ident, message.id, key, attempts, event))
    return claims


def _json(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else loads(value)


def _make(handler: Handler, claims: list[Claim]) -> int:
    if claims[0].attempts > MAX_ATTEMPTS:  # claimed five times and never came back: its worker died each time
        return _fail(handler.name, claims[0], "its worker was lost at every attempt")
    started = time.monotonic()
    try:
        handler.run(_parcels(handler, claims))
    except SoftTimeLimitExceeded:
        if len(claims) == 1:
            _fail(handler.name, claims[0], "took too long")
        raise  # the time of the message is up: each of the others is tried alone when its lease ends
    except NotYet as error:
        return _postpone(handler, claims, error, seconds=error.seconds)
    except Exception as error:
        if _is_away(error):
            log.warning("neighbour_away", handler=handler.name, error=type(error).__name__)
            return _postpone(handler, claims, error, seconds=2)
        if len(claims) == 1:
            return _fail(handler.name, claims[0], _place(error))
        return sum(_make(handler, [claim]) for claim in claims)
    _finish(claims)
    seconds = time.monotonic() - started
    _made.labels(handler.name, "done").inc(len(claims))
    _seconds.labels(handler.name).observe(seconds)
    log.info(
        "deliveries_made",
        handler=handler.name,
        count=len(claims),
        milliseconds=round(seconds * 1000),
        request_ids=sorted({claim.event.request_id for claim in claims} - {""})[:20],
    )
    return len(claims)


def _is_away(error: Exception) -> bool:
    """Whether a neighbour did not answer: nobody's fault, so no attempt is counted."""
    return isinstance(error, RedisAway) or is_away(error)


def _parcels(handler: Handler, claims: list[Claim]) -> list[Event] | list[Owed]:
    if handler.keyed:
        return [Owed(event=claim.event, key=claim.key) for claim in claims]
    return [claim.event for claim in claims]


def _finish(claims: list[Claim]) -> None:
    """What was made is done, even if many copies of its message used up the attempts meanwhile."""
    unfinished = Delivery.objects.filter(pk__in=[claim.id for claim in claims]).exclude(
        state=Delivery.State.DONE
    )
    unfinished.update(state=Delivery.State.DONE, last_error="", claimed_by="")


def _postpone(handler: Handler, claims: list[Claim], error: Exception, *, seconds: int) -> int:
    """Nobody's fault, so no attempt is counted."""
    params: dict[str, Any] = {
        "ids": [claim.id for claim in claims],
        "error": type(error).__name__,
        "message": claims[0].message,
        "pause": seconds,
    }
    with connection.cursor() as cursor:
        cursor.execute(_POSTPONE, params)
    _made.labels(handler.name, "postponed").inc(len(claims))
    log.info("deliveries_postponed", handler=handler.name, count=len(claims), again_in=seconds)
    return 0


def _fail(handler: str, claim: Claim, error: str) -> int:
    pause = 2 ** min(claim.attempts, 8)  # 2, 4, 8, 16 seconds
    with connection.cursor() as cursor:
        cursor.execute(
            _FAIL,
            {
                "id": claim.id,
                "message": claim.message,
                "error": error,
                "pause": pause,
                "most": MAX_ATTEMPTS,
            },
        )
    dead = claim.attempts >= MAX_ATTEMPTS
    _made.labels(handler, "dead" if dead else "failed").inc()
    log.warning(
        "delivery_dead" if dead else "delivery_failed",
        handler=handler,
        delivery_id=claim.id,
        attempts=claim.attempts,
        error=error,
        request_id=claim.event.request_id,
    )
    return 0


def _place(error: Exception) -> str:
    """Its types and the innermost place in our own code. Not its message: that may quote what people typed."""
    types = str(places(None, "", {"exc_info": error})["error"])
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return next((f"{types} at {own}" for own in map(_own_place, frames) if own), types)


def _own_place(frame: traceback.FrameSummary) -> str:
    """`file:line function` for code of this project, else nothing; the libraries may lie inside its folder."""
    file = Path(frame.filename).resolve()
    if not file.is_relative_to(settings.BASE_DIR) or "site-packages" in file.parts:
        return ""
    return f"{file.relative_to(settings.BASE_DIR)}:{frame.lineno} {frame.name}"
