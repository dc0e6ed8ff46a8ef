"""Celery's doors to the jobs of notifications."""

from celery import shared_task

from notifications import telling, upkeep
from notifications.channels.mail import digest
from notifications.channels.mail import sending as letters


@shared_task
def tell_due() -> None:
    """Whom something is due to be told."""
    telling.tell_due()


@shared_task
def forget_old_notifications() -> None:
    """Read a month ago, or vanished and past every cooldown."""
    upkeep.forget_read()
    upkeep.forget_vanished()


@shared_task
def owe_waiting_letters() -> None:
    """About what people with an open page did not look at, and what quiet hours kept back."""
    letters.owe_waiting()


@shared_task
def owe_digests() -> None:
    """To whom it is morning, and who wants one."""
    digest.owe_due()
