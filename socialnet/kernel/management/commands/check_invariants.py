import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from socialnet.kernel.invariants import SAMPLE, Result, check, invariants, not_at_rest

# The queues are the Celery app's: without it a default broker would be asked.
import socialnet.celery  # noqa: F401  # isort: skip


class Command(BaseCommand):
    help = "Check what must never break against the live database and Redis; fails if anything is violated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sample",
            type=int,
            default=SAMPLE,
            help=f"how many people to look at where looking at all would take too long (default {SAMPLE})",
        )

    def handle(self, *args: Any, sample: int, **options: Any) -> None:
        started = time.monotonic()
        for what, many in not_at_rest().items():
            self.stdout.write(f"Not at rest: {many} {what}; what is on its way may count as missing.")
        results = []
        for one in invariants():
            results.append(check(one, sample=sample))
            self.stdout.write(self.line(results[-1]))
        bad = sum(not result.holds for result in results)
        seconds = time.monotonic() - started
        if bad:
            raise CommandError(f"{bad} of {len(results)} invariants do not hold ({seconds:.1f} s).")
        self.stdout.write(f"All {len(results)} invariants hold ({seconds:.1f} s).")

    def line(self, result: Result) -> str:
        verdict = self.style.SUCCESS("ok    ") if result.holds else self.style.ERROR("BROKEN")
        found = "?" if result.violations is None else result.violations
        sentence = result.invariant.sentence + (f" ({result.problem})" if result.problem else "")
        return f"{verdict} {result.invariant.number:>3}  {found:>6}  {result.milliseconds:>6} ms  {sentence}"
