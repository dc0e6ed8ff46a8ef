"""Celery's doors."""

from celery import shared_task

from moderation import actions
from moderation.screening.actions import forget_old


@shared_task
def end_due_sanctions() -> None:
    """What is dated ends by itself."""
    actions.end_due()


@shared_task
def forget_screening_results() -> None:
    forget_old()
