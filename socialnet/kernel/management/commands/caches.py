from typing import Any

from django.core.management.base import BaseCommand
from django.urls import get_resolver

from socialnet.kernel.cache import policies


class Command(BaseCommand):
    help = "List every cache policy: what is kept in Redis, under which key, for how long, and what drops it."

    def handle(self, *args: Any, **options: Any) -> None:
        get_resolver()._populate()  # every view is imported now, and with it every policy
        rows = [("name", "key", "TTL", "dropped by")]
        rows += [
            (policy.name, policy.key("<id>"), seconds(policy.ttl), policy.dropped_by) for policy in policies()
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for name, key, ttl, dropped_by in rows:
            self.stdout.write(f"{name:<{widths[0]}}  {key:<{widths[1]}}  {ttl:>{widths[2]}}  {dropped_by}")


def seconds(ttl: int) -> str:
    """A duration as people say it: 24 h, 10 min, 45 s."""
    for size, unit in ((3600, "h"), (60, "min")):
        if ttl % size == 0:
            return f"{ttl // size} {unit}"
    return f"{ttl} s"
