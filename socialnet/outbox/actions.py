"""Writing events, debts and the record of acts: always inside the transaction of the change itself."""

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from django.db import connection, transaction

from socialnet.kernel.logging import request_id
from socialnet.outbox.errors import NoTransaction
from socialnet.outbox.events import Event
from socialnet.outbox.handlers import Owed, name_of, reactions_to
from socialnet.outbox.models import AuditEntry, Delivery

_EMIT = """
WITH event AS (
    INSERT INTO outbox_event (name, payload, actor_id, request_id)
    VALUES (%(name)s, %(payload)s::jsonb, %(actor_id)s, %(request_id)s)
    RETURNING id
)
INSERT INTO outbox_delivery (event_id, handler, key, state, attempts, last_error)
SELECT event.id, handler, '', 0, 0, '' FROM event, unnest(%(handlers)s::text[]) AS handler
"""

_OWE = """
INSERT INTO outbox_delivery (event_id, handler, key, state, attempts, last_error)
SELECT %(event_id)s, %(handler)s, key, 0, 0, '' FROM unnest(%(keys)s::text[]) AS key
ON CONFLICT (event_id, handler, key) DO NOTHING
"""


def emit(event: Event, *, actor_id: int | None = None) -> None:
    """Store `event` and one delivery for each handler that reacts to it; raises `NoTransaction` outside one."""
    if not connection.in_atomic_block:
        raise NoTransaction(event.name)
    with connection.cursor() as cursor:
        cursor.execute(
            _EMIT,
            {
                "name": event.name,
                "payload": orjson.dumps(event.payload()).decode(),
                "actor_id": actor_id,
                "request_id": request_id(),
                "handlers": reactions_to(event.name),
            },
        )


def owe(handler: Callable[[list[Owed]], None], event: Event, keys: Iterable[str]) -> None:
    """Split work: one delivery to `handler` for each key. Owing the same piece again changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_OWE, {"event_id": event.id, "handler": name_of(handler), "keys": list(keys)})


@transaction.atomic
def record(
    act: str,
    *,
    actor_id: int | None,
    target_type: str,
    target_id: int | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Append to the record of acts that matter; nobody, this code included, can change or delete it afterwards."""
    return AuditEntry.objects.create(
        act=act,
        actor_id=actor_id,
        target_type=target_type,
        target_id=target_id,
        before=before or {},
        after=after or {},
        request_id=request_id(),
    )


def retry_dead(delivery_ids: Iterable[int]) -> int:
    """Open dead letters again, as if never tried; returns how many."""
    dead = Delivery.objects.filter(pk__in=list(delivery_ids), state=Delivery.State.DEAD)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return dead.update(state=Delivery.State.OPEN, attempts=0, leased_until=now)
