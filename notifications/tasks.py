"""Celery's doors to the jobs of notifications."""

from celery import shared_task

from notifications import telling, upkeep


@shared_task
def tell_due() -> None:
    """Whom something is due to be told."""
    telling.tell_due()


@shared_task
def forget_old_notifications() -> None:
    """Read a month ago, or vanished and past every cooldown."""
    upkeep.forget_read()
    upkeep.forget_vanished()
