"""What apps above fill in, in their `AppConfig.ready()`; groups know nothing of them."""

from collections.abc import Callable, Mapping
from typing import Any


def _nowhere(_slug: str) -> str:
    return ""


def _nothing_waits(_group_id: int, _moderator_id: int) -> int:
    return 0


def _nothing_is_held(_group_id: int) -> Mapping[str, Any]:
    return {}


def _nobody_wrote(_user_id: int) -> Mapping[int, int]:
    return {}


# Where the moderators of a group see what was reported there, by its address; nothing where there is no such page.
reports_page: Callable[[str], str] = _nowhere

# How many reports wait in a group for one of its moderators, by the ids of both; one query.
reports_waiting: Callable[[int, int], int] = _nothing_waits

# What a group shall say of itself once moderators have looked, by field, by its id: for its owners alone; one query.
held_changes: Callable[[int], Mapping[str, Any]] = _nothing_is_held

# The id of the newest post of somebody in each group where they wrote lately, by the group's id: called with the
# person's id; one query.
last_written: Callable[[int], Mapping[int, int]] = _nobody_wrote

# What else is read with a group that is asked for by its address: name → an SQL expression over `g` (of the group) and
# `m` (of what its viewer is in it; null where there is nothing). They join the head's one statement and are in
# `selectors.SeenGroup.facts`.
head_facts: dict[str, str] = {}
