"""Celery's doors to the jobs of suggestions."""

from celery import shared_task

from discovery.people import first_posts, upkeep


@shared_task(ignore_result=True)
def renew_suggestions() -> None:
    """Every few minutes: lists of active people that are older than a day."""
    upkeep.renew_lists()


@shared_task(ignore_result=True)
def write_suggestion_numbers() -> None:
    """What came of suggestions, from Redis into PostgreSQL."""
    upkeep.write_numbers()


@shared_task(ignore_result=True)
def compute_first_posts() -> None:
    """What homes show that have nothing of others yet."""
    first_posts.compute()
