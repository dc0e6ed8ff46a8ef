"""manage.py vapid_key: a new key for VAPID_PRIVATE_KEY."""

from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print a new key by which push services know this site; put it into .env and keep it."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        from notifications.channels.push.sealing import new_key

        self.stdout.write(f"VAPID_PRIVATE_KEY={new_key()}")
