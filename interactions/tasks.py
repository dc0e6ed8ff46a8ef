"""Celery doors of interactions; the schedule is in `socialnet/celery.py`."""

import structlog
from celery import shared_task

from interactions import comment_counts, popular, upkeep

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def compute_popular_posts() -> None:
    """Every 5 minutes: what many like, for homes that cannot be put together."""
    log.info("popular_posts_computed", posts=popular.compute())


@shared_task(ignore_result=True)
def reconcile_recent_like_counts() -> None:
    """Hourly: like counts of what was liked or unliked lately."""
    log.info("recent_like_counts_reconciled", wrong=upkeep.reconcile_recent_like_counts())


@shared_task(ignore_result=True)
def reconcile_all_like_counts() -> None:
    """Nightly: every post's like count."""
    log.info("all_like_counts_reconciled", wrong=upkeep.reconcile_all_like_counts())


@shared_task(ignore_result=True)
def forget_inactive_likes() -> None:
    """Weekly: likes that were taken back."""
    log.info("inactive_likes_forgotten", likes=upkeep.forget_inactive_likes())


@shared_task(ignore_result=True)
def reconcile_recent_comment_counts() -> None:
    """Hourly: counts of comments where something was said, liked or taken away lately."""
    log.info("recent_comment_counts_reconciled", wrong=comment_counts.reconcile_recent())


@shared_task(ignore_result=True)
def reconcile_all_comment_counts() -> None:
    """Nightly: all counts of comments."""
    log.info("all_comment_counts_reconciled", wrong=comment_counts.reconcile_all())


@shared_task(ignore_result=True)
def forget_inactive_comment_likes() -> None:
    """Weekly: likes of comments that were taken back."""
    log.info("inactive_comment_likes_forgotten", likes=comment_counts.forget_inactive_likes())
