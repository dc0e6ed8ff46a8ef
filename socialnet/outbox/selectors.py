"""Reads: what is still owed."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from socialnet.kernel.redis import loads

OVERDUE_SECONDS = 60

_UNMADE = """
SELECT d.id, d.handler, d.key, d.state = 2, d.attempts, d.last_error,
    extract(epoch FROM clock_timestamp() - d.leased_until)::float, e.name, e.payload
FROM outbox_delivery d JOIN outbox_event e ON e.id = d.event_id
WHERE d.state <> 1 AND e.name = ANY(%(events)s) AND (e.payload ->> %(field)s)::bigint = ANY(%(values)s)
ORDER BY d.id
"""


@dataclass(frozen=True)
class Unmade:
    """A delivery that is open, or a dead letter."""

    id: int
    handler: str
    key: str
    dead: bool
    attempts: int
    last_error: str
    late: float  # seconds since it was due; below 0 while it is leased or pauses
    event: str
    payload: dict[str, Any]

    @property
    def stuck(self) -> bool:
        """Whether it will not come by itself, or should have come."""
        return self.dead or self.late > OVERDUE_SECONDS

    @property
    def story(self) -> str:
        """In words."""
        tried = f" after {self.attempts} attempts" if self.attempts else ""
        error = f" ({self.last_error})" if self.last_error else ""
        if self.dead:
            return f"dead letter {self.id} of {self.handler}{tried}{error}: try it again in the admin"
        if self.stuck:
            return f"delivery {self.id} to {self.handler} waits for {self.late:,.0f} s{tried}{error}: is a worker up?"
        return f"its delivery to {self.handler} is still open{tried}{error}"


def unmade(*events: str, field: str, values: Collection[int]) -> list[Unmade]:
    """What is owed for events of these names whose `field`, an id, is among `values`."""
    with connection.cursor() as cursor:
        cursor.execute(_UNMADE, {"events": list(events), "field": field, "values": list(values)})
        return [Unmade(*(*row[:-1], _json(row[-1]))) for row in cursor.fetchall()]


def _json(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else loads(value)
