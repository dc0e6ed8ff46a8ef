"""What the outbox and the record of acts know of a request. Ids and names only: never what somebody wrote."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from socialnet.kernel.diagnosing import Moment, witness
from socialnet.outbox.handlers import LEASE_SECONDS
from socialnet.outbox.models import AuditEntry, Delivery, Event

_LEASE = timedelta(seconds=LEASE_SECONDS)
_AT_ONCE = timedelta(milliseconds=1)


@witness
def events_of(request_id: str) -> Iterator[Moment]:
    for event in Event.objects.filter(request_id=request_id).order_by("id"):
        actor = f", by person {event.actor_id}" if event.actor_id else ""
        yield Moment(
            event.created_at, "outbox", f"event {event.name} {event.pk}{actor}: {_told(event.payload)}"
        )


@witness
def deliveries_of(request_id: str) -> Iterator[Moment]:
    owed = Delivery.objects.filter(event__request_id=request_id).select_related("event").order_by("id")
    for delivery in owed:
        yield _moment(delivery)


@witness
def acts_of(request_id: str) -> Iterator[Moment]:
    for entry in AuditEntry.objects.filter(request_id=request_id).order_by("id"):
        actor = f" by person {entry.actor_id}" if entry.actor_id else ""
        change = f": {_told(entry.before)} → {_told(entry.after)}" if entry.before or entry.after else ""
        what = f"{entry.act}{actor} on {entry.target_type} {entry.target_id}{change}"
        yield Moment(entry.created_at, "record", what)


def _moment(delivery: Delivery) -> Moment:
    """A delivery keeps one time, until when it is leased: from that it follows when it was last taken up."""
    piece = f" {delivery.key}" if delivery.key else ""
    name = f"{delivery.handler}{piece} (delivery {delivery.pk})"
    taken = max(delivery.leased_until - _LEASE, delivery.event.created_at)
    attempts = f"attempt {delivery.attempts}"
    if delivery.state == Delivery.State.DONE:
        return Moment(taken, "tasks", f"{name}: taken by a worker, and done, at {attempts}")
    if delivery.state == Delivery.State.DEAD:
        last = delivery.leased_until - timedelta(seconds=2 ** min(delivery.attempts, 8))
        return Moment(last, "tasks", f"{name}: a dead letter after {attempts}: {delivery.last_error}")
    if delivery.last_error:
        due = f"due again at {delivery.leased_until:%H:%M:%S}"
        return Moment(taken, "tasks", f"{name}: {attempts} failed: {delivery.last_error}; {due}")
    if delivery.claimed_by:
        return Moment(taken, "tasks", f"{name}: a worker took it and is at {attempts}, or was lost")
    if delivery.leased_until - delivery.event.created_at > _AT_ONCE:
        return Moment(taken, "relay", f"{name}: handed over, and no worker has taken it yet")
    return Moment(delivery.event.created_at, "outbox", f"{name}: waits for the relay")


def _told(payload: dict[str, Any]) -> str:
    return ", ".join(f"{name}={_harmless(value)}" for name, value in payload.items()) or "nothing"


def _harmless(value: Any) -> str:
    """Numbers and what they are in; a text only as such, for somebody may have written it."""
    if isinstance(value, list):
        return "[{}]".format(
            ", ".join(_harmless(each) for each in value[:5]) + (", …" if len(value) > 5 else "")
        )
    return str(value) if value is None or isinstance(value, bool | int | float) else "…"
