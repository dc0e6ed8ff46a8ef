"""Relay and worker in one call, for commands that end at rest and for tests."""

from socialnet.outbox import deliveries
from socialnet.outbox.handlers import handlers
from socialnet.outbox.relay import lease


def make_due() -> int:
    """Make every due delivery, and those that they owe, until none is due; returns how many were made."""
    made = 0
    batches = {handler.name: handler.batch for handler in handlers()}
    while leased := lease(batches, limit=5000):
        for name, ids in leased.items():
            for start in range(0, len(ids), batches[name]):
                made += deliveries.run(name, ids[start : start + batches[name]])
    return made
