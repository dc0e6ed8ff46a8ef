import time
from typing import Any

from django.core.management.base import BaseCommand

from discovery.models import Kind
from discovery.search import documents

_NAMES = {Kind.PERSON: "people", Kind.POST: "posts", Kind.TAG: "hashtags", Kind.GROUP: "groups"}


class Command(BaseCommand):
    help = "Make the documents of search anew, in batches. People search meanwhile; twice does no harm."

    def handle(self, *args: Any, **options: Any) -> None:
        for kind, name in _NAMES.items():
            started = time.monotonic()
            made = documents.rebuild(kind, progress=lambda many, name=name: self._tell(many, name))  # type: ignore[misc]
            self.stdout.write(f"{made:,} {name} in {time.monotonic() - started:.1f} s.")

    def _tell(self, many: int, name: str) -> None:
        if many and many % 50_000 < documents.BATCH:
            self.stdout.write(f"{many:,} {name} …")
