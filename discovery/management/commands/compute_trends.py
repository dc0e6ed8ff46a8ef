import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from discovery.trends import counting, job
from socialnet.kernel.errors import RedisAway


class Command(BaseCommand):
    help = "Compute what trends now. With --rebuild the counters are counted again from PostgreSQL before."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rebuild", action="store_true", help="count again what happened lately; twice does no harm"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            if options["rebuild"]:
                self.stdout.write(f"{counting.rebuild()} places counted that were not.")
            found = {**job.take_snapshots(even_if_quiet=True), "person": job.take_snapshot_of_people()}
        except RedisAway as error:
            raise CommandError("Redis does not answer: the last snapshots stand.") from error
        told = ", ".join(f"{many} of kind {kind}" for kind, many in found.items())
        self.stdout.write(f"Trends: {told}, in {time.monotonic() - started:.1f} s.")
