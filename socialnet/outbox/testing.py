"""For tests: relay and tasks inline, in the caller's connection."""

from socialnet.outbox.inline import make_due
from socialnet.outbox.models import Delivery


def drain(*, allow_failures: bool = False) -> int:
    """Make every due delivery, and those they owe, until none is due; returns how many were made."""
    made = make_due()
    failed = Delivery.objects.exclude(last_error="").exclude(state=Delivery.State.DONE)
    if not allow_failures and (first := failed.first()):
        raise AssertionError(f"{first.handler} failed: {first.last_error}")
    return made
