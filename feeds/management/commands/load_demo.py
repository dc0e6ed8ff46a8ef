import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.models import User
from feeds.demo.load import load
from socialnet.outbox.inline import make_due


@contextmanager
def quiet(logger_name: str) -> Iterator[None]:
    """Only warnings of this logger, for a moment."""
    logger = logging.getLogger(logger_name)
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


class Command(BaseCommand):
    help = "Load the demo community into an empty site. Does nothing once anybody is there."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.EMAIL_VERIFICATION != "optional":
            self.stdout.write(
                "No demo here: its password is known to everybody (EMAIL_VERIFICATION is mandatory)."
            )
            return
        if User.objects.exists():
            self.stdout.write("There are people already, so the demo community was not loaded.")
            return
        started = time.monotonic()
        people, posts = load()
        with quiet("socialnet.outbox"):  # a thousand deliveries are no news here
            make_due()
        seconds = time.monotonic() - started
        self.stdout.write(f"Loaded the demo community: {people} people, {posts} posts in {seconds:.1f} s.")
