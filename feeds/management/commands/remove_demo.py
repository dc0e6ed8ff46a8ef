import time
from typing import Any

from django.core.management.base import BaseCommand

from feeds.demo.remove import remove


class Command(BaseCommand):
    help = "Remove the demo community: its people, their posts and pictures. Everybody else stays."

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        many = remove()
        if many:
            self.stdout.write(f"Removed {many} demo people in {time.monotonic() - started:.1f} s.")
        else:
            self.stdout.write("There is nobody left of the demo community.")
