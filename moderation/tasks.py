"""Celery's doors."""

from celery import shared_task

from moderation import actions


@shared_task
def end_due_sanctions() -> None:
    """What is dated ends by itself."""
    actions.end_due()
