"""What must always be true of the stores, checked against a live database and Redis by `manage.py check_invariants`.

Each app declares its own in `invariants.py`, in plain SQL written apart from the code that it judges. They hold at
rest: no delivery open, no message on its way.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.module_loading import autodiscover_modules

from socialnet.kernel.errors import RedisAway

Count = Callable[[int], int]
SAMPLE = 50
_PATIENCE = "10min"  # for one statement; the role's own limit is meant for the web

_invariants: list["Invariant"] = []
_unrest: dict[str, Callable[[], int]] = {}


@dataclass(frozen=True)
class Invariant:
    """`count` gets how many people to look at where looking at all would cost too much, and returns violations."""

    number: int
    sentence: str
    count: Count


@dataclass(frozen=True)
class Result:
    """`violations` is None when it could not be checked; `problem` says why."""

    invariant: Invariant
    violations: int | None
    milliseconds: int
    problem: str = ""

    @property
    def holds(self) -> bool:
        return self.violations == 0


def invariant(number: int, sentence: str) -> Callable[[Count], Count]:
    """Declare a check of invariant `number`; several may share a number."""

    def declare(count: Count) -> Count:
        _invariants.append(Invariant(number, sentence, count))
        return count

    return declare


def unrest(what: str) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Declare a reason why the invariants may not hold just now; the function counts `what`."""

    def declare(count: Callable[[], int]) -> Callable[[], int]:
        _unrest[what] = count
        return count

    return declare


def invariants() -> list[Invariant]:
    """All that the installed apps declare, by number."""
    autodiscover_modules("invariants")
    return sorted(_invariants, key=lambda one: one.number)


def not_at_rest() -> dict[str, int]:
    """What is still on its way, by name; empty at rest."""
    autodiscover_modules("invariants")
    return {what: many for what, count in _unrest.items() if (many := count())}


def check(one: Invariant, *, sample: int = SAMPLE) -> Result:
    started = time.monotonic()
    violations, problem = None, ""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [_PATIENCE])
            violations = one.count(sample)
    except RedisAway:
        problem = "Redis does not answer"
    return Result(one, violations, round((time.monotonic() - started) * 1000), problem)


def broken(*, sample: int = SAMPLE) -> list[str]:
    """The sentences of those that do not hold: what tests assert to be empty."""
    results = (check(one, sample=sample) for one in invariants())
    return [f"{r.invariant.number} {r.invariant.sentence}: {r.violations}" for r in results if not r.holds]


def number(statement: str, **params: Any) -> int:
    """The one number that `statement` selects."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.fetchone()[0])
