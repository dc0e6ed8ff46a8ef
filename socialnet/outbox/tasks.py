"""Celery doors of the outbox."""

import structlog
from celery import shared_task

from socialnet.outbox import deliveries, idempotency, retention
from socialnet.outbox.models import Delivery

log = structlog.get_logger(__name__)


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def make_deliveries(handler: str, delivery_ids: list[int]) -> None:
    deliveries.run(handler, delivery_ids)


@shared_task(ignore_result=True)
def forget_old() -> None:
    """Daily: done deliveries, old events, old idempotency keys."""
    log.info(
        "outbox_forgot",
        deliveries=retention.forget_done(),
        events=retention.forget_events(),
        keys=idempotency.forget_old(),
    )


@shared_task(ignore_result=True)
def alarm_dead_letters() -> None:
    """Every minute: say so while there are dead letters."""
    if dead := Delivery.objects.filter(state=Delivery.State.DEAD).count():
        log.error("dead_letters", count=dead)
