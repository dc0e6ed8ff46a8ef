"""For tests: relay and tasks inline, in the caller's connection."""

from socialnet.outbox import deliveries
from socialnet.outbox.handlers import handlers
from socialnet.outbox.models import Delivery
from socialnet.outbox.relay import lease


def drain(*, allow_failures: bool = False) -> int:
    """Make every due delivery, and those they owe, until none is due; returns how many were made."""
    made = 0
    while leased := lease([handler.name for handler in handlers()], limit=5000):
        for name, ids in leased.items():
            made += deliveries.run(name, ids)
    failed = Delivery.objects.exclude(last_error="").exclude(state=Delivery.State.DONE)
    if not allow_failures and (first := failed.first()):
        raise AssertionError(f"{first.handler} failed: {first.last_error}")
    return made
