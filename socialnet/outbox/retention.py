"""Forgetting what is over: done deliveries after a day, events and dead letters after 30 days."""

from collections import Counter

import structlog
from django.db import connection

log = structlog.get_logger(__name__)
_BATCH = 5000
_DONE = """
DELETE FROM outbox_delivery WHERE id IN (
    SELECT id FROM outbox_delivery WHERE event_id < %(before)s AND state = 1 LIMIT %(batch)s)
"""
_DEAD = """
DELETE FROM outbox_delivery WHERE id IN (
    SELECT id FROM outbox_delivery WHERE event_id < %(before)s AND state = 2 LIMIT %(batch)s)
RETURNING handler
"""
_EVENTS = """
DELETE FROM outbox_event WHERE id IN (
    SELECT e.id FROM outbox_event e WHERE e.id < %(before)s
    AND NOT EXISTS (SELECT 1 FROM outbox_delivery d WHERE d.event_id = e.id) LIMIT %(batch)s)
"""


def forget_done(*, days: int = 1) -> int:
    """Delete done deliveries of events older than `days`; returns how many."""
    return _delete(_DONE, days=days)


def forget_dead(*, days: int = 30) -> int:
    """Delete dead letters of events older than `days`, so that those can go, too; returns how many."""
    forgotten: Counter[str] = Counter()
    deleted = _delete(_DEAD, days=days, handlers=forgotten)
    for handler, count in sorted(forgotten.items()):
        log.warning("dead_letters_forgotten", handler=handler, count=count, days=days)
    return deleted


def forget_events(*, days: int = 30) -> int:
    """Delete events older than `days` that nothing is owed for any more; returns how many."""
    return _delete(_EVENTS, days=days)


def _delete(statement: str, *, days: int, handlers: Counter[str] | None = None) -> int:
    deleted = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT socialnet_id_at(clock_timestamp() - make_interval(days => %s))", [days])
        before: int = cursor.fetchone()[0]
        while True:
            cursor.execute(statement, {"before": before, "batch": _BATCH})
            gone: int = cursor.rowcount
            if handlers is not None:
                handlers.update(handler for (handler,) in cursor.fetchall())
            deleted += gone
            if gone < _BATCH:
                return deleted
