"""The relay: leases due deliveries, commits, then hands them to Celery. Any number may run at once.

A delivery whose lease ran out is handed over again, whatever was lost: message, queue, worker. A queue that is
full gets no more until it has room, so that waiting never eats up a lease. While too much is going on, bulk
fan-out gets nothing.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from socialnet.kernel import overload
from socialnet.outbox import broker
from socialnet.outbox.handlers import LEASE_SECONDS, QUEUES, Handler, handlers
from socialnet.outbox.watch import BULK

log = structlog.get_logger(__name__)
POLL_SECONDS = 0.05
LEASE_BATCH = 2000

# By handler, along an index each: what is due in a queue that is full costs the others nothing. A statement's time,
# for the clock itself is no bound that an index is read up to.
# MATERIALIZED: a plan that ran the subquery again would lock, and lease, more than the limit.
# An error of an earlier attempt is forgotten: while it stands, the delivery pauses (see deliveries.run).
_LEASE = """
WITH due AS MATERIALIZED (
    SELECT oldest.id FROM unnest(%(handlers)s::text[]) AS wanted (handler) CROSS JOIN LATERAL (
        SELECT id, leased_until FROM outbox_delivery
        WHERE state = 0 AND handler = wanted.handler AND leased_until <= statement_timestamp()
        ORDER BY leased_until, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ) AS oldest
    ORDER BY oldest.leased_until, oldest.id LIMIT %(limit)s
)
UPDATE outbox_delivery d SET last_error = '', claimed_by = '',
    leased_until = clock_timestamp() + make_interval(secs => %(lease)s)
FROM due WHERE d.id = due.id
RETURNING d.id, d.handler
"""
# What is claimed was taken after all: only the broker's answer was lost.
_RETURN = """
UPDATE outbox_delivery SET leased_until = clock_timestamp() + interval '1 second'
WHERE id = ANY(%(ids)s) AND state = 0 AND claimed_by = ''
"""


class Relay:
    """One relay process; `stop` ends it after the round it is in."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.room: dict[str, int] = {}
        self.room_read_at = 0.0
        self.waits_until: dict[str, float] = {}  # by name of a handler that gathers

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                moved = self.round()
            except DatabaseError as error:
                log.warning("relay_waits_for_postgresql", error=type(error).__name__)
                connection.close()
                self.stop.wait(1)
                continue
            if not moved:
                self.stop.wait(POLL_SECONDS)

    def round(self) -> int:
        """Lease once and hand over; returns how many deliveries were moved."""
        moved = 0
        for queue in self.queues_with_room():
            if queue in self.room:  # it is empty once the broker did not take something
                moved += self.move(queue)
        return moved

    def queues_with_room(self) -> list[str]:
        now = time.monotonic()
        if now - self.room_read_at > 0.25:
            self.room = broker.room(QUEUES, most=settings.RELAY_QUEUE_ROOM)
            self.room_read_at = now
        paused = BULK if overload.bulk_is_paused() else None
        return [queue for queue in QUEUES if queue != paused and self.room.get(queue, 0) > 0]

    def move(self, queue: str) -> int:
        turns = [handler for handler in handlers() if handler.queue == queue and self.is_turn_of(handler)]
        if not turns:
            return 0
        names = {handler.name: handler.batch for handler in turns}
        limit = min(LEASE_BATCH, self.room[queue] * min(names.values()))
        leased = lease(names, limit=limit)
        if sum(map(len, leased.values())) < limit:  # nothing is left
            self.wait_for_more(turns)
        batches = [(name, batch) for name, ids in leased.items() for batch in _cut(ids, names[name])]
        for place, (name, batch) in enumerate(batches):
            if not broker.hand_over(name, batch, queue=queue):
                give_back([delivery_id for _name, rest in batches[place:] for delivery_id in rest])
                self.room = {}
                return sum(len(batch) for _name, batch in batches[:place])
            self.room[queue] -= 1
        return sum(len(batch) for _name, batch in batches)

    def is_turn_of(self, handler: Handler) -> bool:
        return time.monotonic() >= self.waits_until.get(handler.name, 0)

    def wait_for_more(self, gathering: Iterable[Handler]) -> None:
        """Those that gather get nothing more before their seconds are over."""
        now = time.monotonic()
        self.waits_until |= {handler.name: now + handler.gather for handler in gathering if handler.gather}


def lease(names: Iterable[str], *, limit: int) -> dict[str, list[int]]:
    """Take due deliveries of the handlers called `names`, oldest first; ids by handler."""
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, {"handlers": list(names), "lease": LEASE_SECONDS, "limit": limit})
        leased: dict[str, list[int]] = defaultdict(list)
        for delivery_id, name in sorted(cursor.fetchall()):
            leased[name].append(delivery_id)
    return leased


def give_back(ids: list[int]) -> None:
    """The broker did not take these: they are due again in a second."""
    with connection.cursor() as cursor:
        cursor.execute(_RETURN, {"ids": ids})


def _cut(ids: list[int], size: int) -> Iterable[list[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
