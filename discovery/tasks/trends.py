"""Celery doors of trends; the schedule is in `socialnet/celery.py`."""

import structlog
from celery import shared_task

from discovery.trends import job
from socialnet.kernel import overload

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def compute_trends() -> None:
    """Every 5 minutes: tags and posts. While too much is going on the last snapshot stands."""
    if not overload.is_strained() and (found := job.take_snapshots()):
        log.info("trends_computed", **found)


@shared_task(ignore_result=True)
def compute_trending_people() -> None:
    """Hourly: people over 7 days."""
    if not overload.is_strained():
        log.info("trending_people_computed", people=job.take_snapshot_of_people())
