"""Celery doors of interactions; the schedule is in `socialnet/celery.py`."""

import structlog
from celery import shared_task

from interactions import popular

log = structlog.get_logger(__name__)


@shared_task(ignore_result=True)
def compute_popular_posts() -> None:
    """Every 5 minutes: what many like, for homes that cannot be put together."""
    log.info("popular_posts_computed", posts=popular.compute())
