"""Celery doors of accounts; the schedule is in `socialnet/celery.py`."""

import structlog
from celery import shared_task

from accounts import actions

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def reconcile_recent_counts() -> int:
    """Hourly: follow counts of people whose follows changed lately."""
    return _told("recent_counts_reconciled", actions.reconcile_recent_counts())


@shared_task(ignore_result=True)
def reconcile_all_counts() -> int:
    """Every six hours: everybody's follow counts."""
    return _told("all_counts_reconciled", actions.reconcile_all_counts())


@shared_task(ignore_result=True)
def forget_expired() -> dict[str, int]:
    """Daily: sessions, tokens and mutes that are over."""
    forgotten = actions.forget_expired()
    log.info("accounts_forgot", **forgotten)
    return forgotten


@shared_task(ignore_result=True)
def apply_due_changes() -> int:
    """Hourly: new addresses that their owners confirmed, and whose old ones kept silent."""
    return _done("addresses_changed", actions.apply_due_changes())


@shared_task(ignore_result=True)
def erase_leavers() -> int:
    """Hourly: people whose days of grace are over."""
    return actions.erase_leavers()


@shared_task(ignore_result=True)
def make_exports() -> int:
    """Every few seconds: archives that somebody asked for; a large one takes its minutes."""
    return actions.make_exports()


@shared_task(ignore_result=True)
def forget_exports() -> int:
    """Hourly: archives past their time."""
    return _done("exports_forgotten", actions.forget_exports())


def _done(event: str, many: int) -> int:
    log.info(event, many=many)
    return many


def _told(event: str, wrong: int) -> int:
    log.info(event, wrong=wrong)
    return wrong
