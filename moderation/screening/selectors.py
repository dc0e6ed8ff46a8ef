"""Reads: how often each rule found something and was right, and what was found about one case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from moderation.models import Case
from moderation.screening.models import HeldGroup, HeldProfile, ScreeningResult
from moderation.screening.rules import said_of

# Right is what moderators acted on; what was gone before they looked says nothing.
_NUMBERS = """
SELECT hit ->> 'rule', count(*), count(*) FILTER (WHERE hit ->> 'mode' = 'shadow'),
    count(*) FILTER (WHERE c.outcome NOT IN ('nothing', 'gone')), count(*) FILTER (WHERE c.outcome = 'nothing')
FROM moderation_screeningresult r CROSS JOIN LATERAL jsonb_array_elements(r.hits) hit
LEFT JOIN moderation_case c ON c.id = r.case_id AND c.closed_at IS NOT NULL
GROUP BY 1
"""


_IN_ORDER = (
    "display_name",
    "name",
    "bio",
    "description",
    "rules",
    "location",
    "website",
    "tags",
    "cover_alt",
)


@dataclass(frozen=True)
class Numbers:
    """Of one rule, as far back as results are kept: findings, of these in shadow, and what moderators said of them."""

    found: int = 0
    in_shadow: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def precision(self) -> float | None:
        """Which share was right of what was decided; None while nothing is."""
        decided = self.right + self.wrong
        return self.right / decided if decided else None


def numbers() -> dict[str, Numbers]:
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS)
        return {rule: Numbers(*counts) for rule, *counts in cursor.fetchall()}


@dataclass(frozen=True)
class Result:
    """What was found in one thing, a line for each rule."""

    outcome: str
    created_at: datetime
    lines: Sequence[str]


def results_of(case: Case) -> Sequence[Result]:
    """What was found that led to this case, the newest first."""
    rows = ScreeningResult.objects.filter(case=case.pk).order_by("-id")[:10]
    return [Result(row.get_outcome_display(), row.created_at, list(map(said_of, row.hits))) for row in rows]


def held_profile(user_id: int) -> dict[str, str]:
    """What somebody's profile waits to say, by field; nothing if it does not."""
    row = HeldProfile.objects.filter(person=user_id).first()
    return row.fields if row else {}


def held_changes(group_id: int) -> dict[str, Any]:
    """What a group waits to say, by field; nothing if it does not."""
    row = HeldGroup.objects.filter(group=group_id).first()
    return row.fields if row else {}


def words_waiting(kind: str, target_id: int) -> str:
    """What a profile or a group that is there waits to say; empty for what waits as a whole, or not at all."""
    held = {"user": held_profile, "group": held_changes}.get(kind, lambda _id: {})(target_id)
    said = [held[field] for field in _IN_ORDER if held.get(field)]
    return "\n".join(", ".join(words) if isinstance(words, list) else words for words in said)
