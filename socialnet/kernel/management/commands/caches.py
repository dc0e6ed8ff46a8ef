from typing import Any

from django.core.management.base import BaseCommand
from django.urls import get_resolver

from socialnet.kernel.cache import CachePolicy, Rates, policies, rates
from socialnet.kernel.metrics import registry

NOBODY_READ = Rates(l1=None, l2=None)


class Command(BaseCommand):
    help = (
        "List every cache policy: what is kept in Redis, under which key, for how long there and in each process (L1), "
        "how many reads of the web processes found it, and what drops it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        get_resolver()._populate()  # every view is imported now, and with it every policy
        counted = rates(registry())
        rows: list[tuple[str, ...]] = [("name", "key", "TTL", "L1", "hits", "L1 hits", "dropped by")]
        rows += [_row(policy, counted.get(policy.name, NOBODY_READ)) for policy in policies()]
        widths = [max(len(row[column]) for row in rows) for column in range(6)]
        for name, key, *numbers, dropped_by in rows:
            shown = [f"{name:<{widths[0]}}", f"{key:<{widths[1]}}"]
            shown += [f"{number:>{width}}" for number, width in zip(numbers, widths[2:], strict=True)]
            self.stdout.write("  ".join([*shown, dropped_by]))


def _row(policy: CachePolicy, found: Rates) -> tuple[str, ...]:
    because = f"; L1: {policy.l1_because}" if policy.l1 else ""
    return (
        policy.name,
        policy.key("<id>"),
        seconds(policy.ttl),
        seconds(policy.l1) if policy.l1 else "",
        percent(found.l2),
        percent(found.l1),
        policy.dropped_by + because,
    )


def seconds(ttl: float) -> str:
    """A duration as people say it: 24 h, 10 min, 45 s."""
    for size, unit in ((3600, "h"), (60, "min")):
        if ttl % size == 0:
            return f"{ttl / size:g} {unit}"
    return f"{ttl:g} s"


def percent(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.0%}"
