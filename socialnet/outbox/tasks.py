"""Celery doors of the outbox."""

import structlog
from celery import Task, shared_task
from celery.app.task import Context

from socialnet.outbox import deliveries, idempotency, retention
from socialnet.outbox.deliveries import Message
from socialnet.outbox.handlers import LEASE_SECONDS
from socialnet.outbox.models import Delivery

log = structlog.get_logger(__name__)


@shared_task(
    bind=True,
    acks_late=True,
    reject_on_worker_lost=True,
    ignore_result=True,
    soft_time_limit=LEASE_SECONDS - 5,  # shorter than a lease: what is still at work is never due again
    time_limit=LEASE_SECONDS - 2,
)
def make_deliveries(self: Task, handler: str, delivery_ids: list[int]) -> None:
    deliveries.run(handler, delivery_ids, message=_message(self.request))


def _message(request: Context) -> Message:
    """Celery keeps the id of a message that it brings again."""
    again = bool((request.delivery_info or {}).get("redelivered"))
    return Message(id=request.id, again=again) if request.id else Message()


@shared_task(ignore_result=True)
def forget_old() -> None:
    """Daily: done deliveries, old dead letters, the events of both, old idempotency keys."""
    log.info(
        "outbox_forgot",
        deliveries=retention.forget_done(),
        dead_letters=retention.forget_dead(),
        events=retention.forget_events(),
        keys=idempotency.forget_old(),
    )


@shared_task(ignore_result=True)
def alarm_dead_letters() -> None:
    """Every minute: say so while there are dead letters."""
    if dead := Delivery.objects.filter(state=Delivery.State.DEAD).count():
        log.error("dead_letters", count=dead)
