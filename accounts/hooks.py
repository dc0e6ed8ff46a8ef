"""What apps above fill in, in their `AppConfig.ready()`; accounts knows nothing of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.screening import Verdict, Writing, allow


def _nobody_is_told(_user_id: int) -> int:
    return 0


def _nobody_is_suggested(_viewer: Any) -> Sequence[Any]:
    return []


def _home_is_first(_person: Any, *, is_new: bool) -> str:
    return ""


def _nowhere(_user_id: int) -> str:
    return ""


# Whether what somebody wrote may be seen: called with a `Writing` in the transaction that keeps it, before it is kept.
# Raises `WritingRefused` where it may not be kept at all. At most one query, and one round trip to Redis.
screen: Callable[[Writing], Verdict] = allow


def _nothing_waits(_user_id: int) -> Mapping[str, str]:
    return {}


# What somebody's profile shall say once moderators have looked, by field, by their id: for themselves alone.
held_profile: Callable[[int], Mapping[str, str]] = _nothing_waits

# How many notifications a person has not read, by their id.
unread_notifications: Callable[[int], int] = _nobody_is_told

# People to follow, for the page that `viewer` (`accounts.models.User`) looks at: rows with `user` (`AuthorCard`),
# `reason` and `relation`, as `accounts/_person.html` shows them. One cached read and one query.
suggested_people: Callable[[Any], Sequence[Any]] = _nobody_is_suggested

# What else of a person is kept beside their relations for the time without PostgreSQL: by name, an SQL query that gives
# ids of them, `%(viewer)s`; see `accounts.standins`. Whoever changes it lets it go there.
standins: dict[str, str] = {}

# Where somebody begins who signed up this moment (`is_new`) or signed in: an address, or nothing for home.
first_page: Callable[..., str] = _home_is_first

# Where somebody who is shut out reads why, and appeals, by their id: an address that lets in whoever has it, so it is
# for them alone. Nothing where there is nothing to appeal.
appeal_page: Callable[[int], str] = _nowhere

# Where moderators see and change what was decided about somebody, by their id.
decisions_page: Callable[[int], str] = _nowhere


@dataclass(frozen=True)
class ExportPart:
    """One file of a person's archive: rows that become JSON, or what the default storage keeps as `stored`.

    Rows are the person's own and name others only as far as they were chosen by the person: whom they follow, which
    post they liked, never what others wrote.
    """

    name: str
    rows: Iterable[Mapping[str, Any]] = ()
    stored: str = ""

    @classmethod
    def of(cls, name: str, rows: Any, *fields: str) -> "ExportPart":
        """`fields` of a QuerySet that is in order already, read in batches."""
        return cls(name, rows=rows.values(*fields).iterator(chunk_size=1000))


# What each app adds to the archive of a person, by their id. Apps append in `AppConfig.ready()`; a generator that
# reads in batches is best.
export_parts: list[Callable[[int], Iterable[ExportPart]]] = []
