"""Celery doors of groups; the schedule is in `socialnet/celery.py`."""

import structlog
from celery import shared_task

from groups import covers, upkeep

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def reconcile_recent_member_counts() -> None:
    """Hourly: member counts of groups that people joined or left lately."""
    log.info("recent_member_counts_reconciled", wrong=upkeep.reconcile_recent_member_counts())


@shared_task(ignore_result=True)
def reconcile_all_member_counts() -> None:
    """Nightly: every group's member count."""
    log.info("all_member_counts_reconciled", wrong=upkeep.reconcile_all_member_counts())


@shared_task(ignore_result=True)
def sweep_covers() -> None:
    """Nightly: files of covers that no group names."""
    log.info("covers_swept", swept=covers.sweep_orphans())


@shared_task(ignore_result=True)
def forget_declined_invitations() -> None:
    """Nightly: that people declined, once their group may invite them again."""
    log.info("declined_invitations_forgotten", count=upkeep.forget_declined_invitations())
