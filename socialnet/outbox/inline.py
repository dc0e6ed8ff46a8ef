"""Relay and worker in one call, for commands that end at rest and for tests."""

from contextlib import suppress

from socialnet.kernel.errors import RedisAway
from socialnet.outbox import deliveries, rounds
from socialnet.outbox.handlers import handlers
from socialnet.outbox.relay import lease


def make_due() -> int:
    """Make every due delivery, and those that they owe, until none is due; returns how many were made.

    Then come the relay's own rounds.
    """
    made = 0
    batches = {handler.name: handler.batch for handler in handlers()}
    while leased := lease(batches, limit=5000):
        for name, ids in leased.items():
            for start in range(0, len(ids), batches[name]):
                made += deliveries.run(name, ids[start : start + batches[name]])
    with suppress(RedisAway):  # what waits for Redis goes on waiting
        rounds.make_all()
    return made
