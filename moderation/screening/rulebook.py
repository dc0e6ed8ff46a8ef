"""How the rules are set now."""

from typing import Any

from moderation.screening.cache import RULES as KEPT
from moderation.screening.models import ScreeningRule
from moderation.screening.rules import CLASSIFIER, RULES, WITH_ENTRIES, Book, Setting

_ALL = "all"


def book() -> Book:
    """From the process, Redis, or PostgreSQL."""
    rows: dict[str, Any] = KEPT.fetch(_ALL, _load)
    return Book(
        {name: _setting(name, row) for name, row in rows.items() if name in RULES or name == CLASSIFIER}
    )


def forget() -> None:
    KEPT.drop(_ALL)


def _load() -> dict[str, Any]:
    fields = ("mode", "outcome", "threshold", "minutes", "entries")
    rows = ScreeningRule.objects.values("id", *fields)
    return {row["id"]: {name: row[name] for name in fields} for row in rows}


def _setting(name: str, row: dict[str, Any]) -> Setting:
    read = WITH_ENTRIES.get(name)
    return Setting(
        mode=row["mode"],
        outcome=row["outcome"],
        threshold=row["threshold"] or 0,
        minutes=row["minutes"] or 0,
        entries=read(row["entries"]) if read else (),
    )
