"""Celery doors of feeds; the schedule is in `socialnet/celery.py`."""

import structlog
from celery import shared_task

from feeds import upkeep

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def reconcile_recent_post_counts() -> None:
    """Hourly: post counts of people who wrote lately, share counts of what was shared lately."""
    wrong, wrong_shares = upkeep.reconcile_recent_post_counts(), upkeep.reconcile_recent_share_counts()
    log.info("recent_post_counts_reconciled", wrong=wrong, wrong_shares=wrong_shares)


@shared_task(ignore_result=True)
def reconcile_all_post_counts() -> None:
    """Nightly: everybody's post count, every post's share count."""
    wrong, wrong_shares = upkeep.reconcile_all_post_counts(), upkeep.reconcile_all_share_counts()
    log.info("all_post_counts_reconciled", wrong=wrong, wrong_shares=wrong_shares)
