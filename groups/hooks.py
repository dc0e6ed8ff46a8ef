"""What apps above fill in, in their `AppConfig.ready()`; groups know nothing of them."""

from collections.abc import Callable


def _nowhere(_slug: str) -> str:
    return ""


def _nothing_waits(_group_id: int, _moderator_id: int) -> int:
    return 0


# Where the moderators of a group see what was reported there, by its address; nothing where there is no such page.
reports_page: Callable[[str], str] = _nowhere

# How many reports wait in a group for one of its moderators, by the ids of both; one query.
reports_waiting: Callable[[int, int], int] = _nothing_waits
