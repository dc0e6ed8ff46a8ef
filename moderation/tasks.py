"""Celery's doors."""

from celery import shared_task

from moderation import actions
from moderation.in_groups import actions as in_groups
from moderation.screening.actions import forget_old


@shared_task
def end_due_sanctions() -> None:
    """What is dated ends by itself."""
    actions.end_due()


@shared_task
def escalate_due_cases() -> None:
    """What a group's moderators did not decide in time is the site's."""
    in_groups.escalate_due()


@shared_task
def forget_screening_results() -> None:
    forget_old()
