"""What must always be true of the outbox, the record, the schema and Redis."""

from itertools import islice
from typing import Any

from celery import current_app
from django.apps import apps
from django.db import connection, models
from django.db.migrations.loader import MigrationLoader
from redis import Redis

from socialnet.kernel.invariants import invariant, number, unrest
from socialnet.kernel.redis import door
from socialnet.outbox.broker import AWAY, waiting_in
from socialnet.outbox.handlers import QUEUES, reactions
from socialnet.outbox.models import AuditEntry, Delivery

# Done deliveries are forgotten after a day. A handler younger than an event owes it nothing.
_UNDELIVERED = """
WITH reaction AS (
    SELECT * FROM unnest(%(names)s::text[], %(handlers)s::text[]) AS reaction (name, handler)
), since AS (
    SELECT reaction.*, coalesce((SELECT min(event_id) FROM outbox_delivery d WHERE d.handler = reaction.handler), 0)
        AS first_id FROM reaction
)
SELECT count(*) FROM outbox_event e JOIN since ON since.name = e.name AND e.id >= since.first_id
WHERE e.id > socialnet_id_at(clock_timestamp() - interval '23 hours') AND NOT EXISTS (
    SELECT 1 FROM outbox_delivery d WHERE d.event_id = e.id AND d.handler = since.handler AND d.key = '')
"""
_OVERDUE = """
SELECT count(*) FROM outbox_delivery WHERE state = 0 AND leased_until < clock_timestamp() - interval '60 seconds'
"""
_MAY_CHANGE_RECORD = """
SELECT count(*) FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
WHERE has_table_privilege(current_user, %(table)s, privilege)
"""
_UNVALIDATED = "SELECT count(*) FROM pg_constraint WHERE NOT convalidated"
_INVALID_INDEXES = "SELECT count(*) FROM pg_index WHERE NOT (indisvalid AND indisready)"
# Every whole-number column that the models keep from going below zero, without a validated CHECK that says so.
_UNGUARDED_COUNTS = """
SELECT count(*) FROM unnest(%(tables)s::text[], %(columns)s::text[]) AS counted (tab, col)
WHERE NOT EXISTS (
    SELECT 1 FROM pg_constraint c
    WHERE c.conrelid = counted.tab::regclass AND c.contype = 'c' AND c.convalidated
        AND pg_get_constraintdef(c.oid) LIKE format('CHECK ((%%I >= 0))', counted.col))
"""
_COUNTS = (models.PositiveIntegerField, models.PositiveSmallIntegerField, models.PositiveBigIntegerField)
_KEYS_AT_ONCE = 500
_KEYS_PER_PERSON = 200  # of the sample: how many keys are looked at
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_BROKER_KEYS = (b"_kombu", b"unacked", b"celery", *(queue.encode() for queue in QUEUES))


@unrest("open deliveries")
def open_deliveries() -> int:
    return Delivery.objects.filter(state=Delivery.State.OPEN).count()


@unrest("messages in the queues")
def waiting_messages() -> int:
    return sum(waiting_in(QUEUES).values())


@invariant(4, "every event has a delivery for each of its handlers")
def undelivered_events(_sample: int) -> int:
    pairs = [(name, handler) for name, handlers in reactions().items() for handler in handlers]
    names, owing = [name for name, _ in pairs], [handler for _, handler in pairs]
    return number(_UNDELIVERED, names=names, handlers=owing)


@invariant(5, "no delivery is overdue by more than 60 s")
def overdue_deliveries(_sample: int) -> int:
    return number(_OVERDUE)


@invariant(5, "there is no dead letter")
def dead_letters(_sample: int) -> int:
    return Delivery.objects.filter(state=Delivery.State.DEAD).count()


@invariant(16, "every count has a CHECK that keeps it from going below zero")
def unguarded_counts(_sample: int) -> int:
    counted = [
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, _COUNTS)
    ]
    return number(
        _UNGUARDED_COUNTS, tables=[table for table, _ in counted], columns=[column for _, column in counted]
    )


@invariant(34, "the application's role can neither change nor delete the record of acts")
def powers_over_record(_sample: int) -> int:
    return number(_MAY_CHANGE_RECORD, table=AuditEntry._meta.db_table)


@invariant(36, "no constraint waits to be validated")
def unvalidated_constraints(_sample: int) -> int:
    return number(_UNVALIDATED)


@invariant(36, "no index is invalid")
def invalid_indexes(_sample: int) -> int:
    return number(_INVALID_INDEXES)


@invariant(36, "every migration is applied")
def pending_migrations(_sample: int) -> int:
    loader = MigrationLoader(connection)
    return len(set(loader.graph.nodes) - set(loader.applied_migrations))


@invariant(37, "every key in Redis has a TTL, and nothing is pickled")
def lasting_keys(sample: int) -> int:
    """Looks at a part of the keys that grows with `sample`; the broker's own are exempt."""
    with door() as client:
        keys = islice(client.scan_iter(count=_KEYS_AT_ONCE), sample * _KEYS_PER_PERSON)
        ours = (key for key in keys if not key.startswith(_BROKER_KEYS))
        violations = 0
        while some := list(islice(ours, _KEYS_AT_ONCE)):
            violations += _lasting(client, some) + _pickled(client, some)
        return violations


@invariant(37, "the broker never evicts")
def evicting_broker(_sample: int) -> int:
    try:
        with current_app.connection_or_acquire() as broker:
            client = getattr(broker.default_channel, "client", None)
            if not isinstance(client, Redis):  # another broker has no such thing
                return 0
            return int(client.info("memory")["maxmemory_policy"] != "noeviction")
    except AWAY:
        return 1


def _lasting(client: Any, keys: list[bytes]) -> int:
    with client.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.pttl(key)
        return sum(left == -1 for left in pipe.execute())  # -2: gone meanwhile


def _pickled(client: Any, keys: list[bytes]) -> int:
    """MGET answers nothing for what is no string."""
    return sum(value is not None and value.startswith(_PICKLES) for value in client.mget(keys))
