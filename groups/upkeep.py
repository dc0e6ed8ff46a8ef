"""Keeping the counts of members right in the background; every one of these may run twice at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import connection, transaction
from django.utils import timezone
from prometheus_client import Counter

from groups.events import GroupCreated, GroupJoined, GroupLeft
from groups.models import DeclinedInvitation, Group, GroupCounts
from socialnet.outbox.ids import id_at
from socialnet.outbox.models import Event

log = structlog.get_logger(__name__)
BATCH = 1000
_drift = Counter("socialnet_group_member_count_drift", "Member counts that were wrong and were mended")

_WRONG = """
SELECT g.id, g.slug, c.members, m.many
FROM groups_group g LEFT JOIN groups_groupcounts c ON c.group_id = g.id
CROSS JOIN LATERAL (
    SELECT count(*) AS many FROM groups_membership WHERE group_id = g.id AND status = 'active'
) m
WHERE g.id = ANY(%(groups)s) AND c.members IS DISTINCT FROM m.many ORDER BY g.id
"""


@dataclass(frozen=True)
class Drift:
    """A group whose count of members is not that of its rows; `counted` is None where there is no row of counts."""

    group_id: int
    slug: str
    counted: int | None
    right: int


def reconcile_recent_member_counts(*, hours: int = 2) -> int:
    """Compare and mend the member counts of groups that people joined or left lately; how many were wrong."""
    since = id_at(timezone.now() - timedelta(hours=hours))
    touching = [event.name for event in (GroupCreated, GroupJoined, GroupLeft)]
    happened = Event.objects.filter(pk__gte=since, name__in=touching)
    touched = sorted(set(happened.values_list("payload__group_id", flat=True)))
    return sum(
        reconcile_member_counts(touched[start : start + BATCH]) for start in range(0, len(touched), BATCH)
    )


def reconcile_all_member_counts() -> int:
    """As `reconcile_recent_member_counts`, for every group."""
    return sum(_mend(drift.group_id) for drift in all_drift())


def reconcile_member_counts(group_ids: Sequence[int]) -> int:
    """Look without locks; what seems wrong is locked as who joins locks it and looked at again, then mended."""
    return sum(_mend(drift.group_id) for drift in _drift_of(group_ids))


def all_drift() -> list[Drift]:
    """Every group whose count is wrong, looked for in batches by id."""
    wrong, last = [], 0
    while ids := list(Group.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        wrong += _drift_of(ids)
        last = ids[-1]
    return wrong


@transaction.atomic
def _mend(group_id: int) -> int:
    GroupCounts.objects.bulk_create([GroupCounts(group_id=group_id)], ignore_conflicts=True)
    GroupCounts.objects.select_for_update(no_key=True).get(pk=group_id)
    for drift in _drift_of([group_id]):
        GroupCounts.objects.filter(pk=group_id).update(members=drift.right)
        log.warning(
            "group_member_count_drift_mended",
            group_id=group_id,
            members=drift.counted,
            right_members=drift.right,
        )
        _drift.inc()
        return 1
    return 0


def forget_declined_invitations() -> int:
    """Those whose time is over: the group may invite again."""
    return DeclinedInvitation.objects.over().delete()[0]


def _drift_of(group_ids: Sequence[int]) -> list[Drift]:
    with connection.cursor() as cursor:
        cursor.execute(_WRONG, {"groups": list(group_ids)})
        return [Drift(*row) for row in cursor.fetchall()]
