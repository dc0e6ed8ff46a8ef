"""Celery doors of feeds; the schedule is in `socialnet/celery.py`."""

import structlog
from celery import shared_task

from feeds import upkeep

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def reconcile_recent_post_counts() -> None:
    """Hourly: post counts of people who wrote lately."""
    log.info("recent_post_counts_reconciled", wrong=upkeep.reconcile_recent_post_counts())


@shared_task(ignore_result=True)
def reconcile_all_post_counts() -> None:
    """Nightly: everybody's post count."""
    log.info("all_post_counts_reconciled", wrong=upkeep.reconcile_all_post_counts())
