"""What is said in groups: merged into the homes of members as these are read (ADR 55), and counted.

Which groups a person is in is kept in Redis beside their timeline (`groups.cache`). Candidates only: the door judges,
for each reader, each time.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import structlog
from django.db import connection, transaction
from prometheus_client import Counter

from feeds.belonging import GROUPS
from feeds.events import PostDeleted
from groups.events import GroupLeft
from groups.models import GroupCounts
from socialnet.outbox.ids import MAX_ID

log = structlog.get_logger(__name__)
BATCH = 1000
_drift = Counter("socialnet_group_post_count_drift", "Post counts of groups that were wrong and were mended")

# The newest of each group, down its index.
_NEWEST = """
SELECT p.id FROM ({groups}) member CROSS JOIN LATERAL (
    SELECT id FROM feeds_post
    WHERE group_id = member.group_id AND id < %(before)s AND deleted_at IS NULL
    ORDER BY id DESC LIMIT %(count)s
) p ORDER BY p.id DESC LIMIT %(count)s
"""
OF_PERSON = _NEWEST.format(groups=GROUPS)
_OF_GROUPS = _NEWEST.format(groups="SELECT unnest(%(groups)s::bigint[]) AS group_id")
_COUNT = """
UPDATE groups_groupcounts SET posts = (
    SELECT count(*) FROM feeds_post WHERE group_id = %(group)s AND deleted_at IS NULL)
WHERE group_id = %(group)s
"""
_WRONG = """
SELECT g.id, g.slug, c.posts, p.many FROM groups_groupcounts c JOIN groups_group g ON g.id = c.group_id
CROSS JOIN LATERAL (SELECT count(*) AS many FROM feeds_post WHERE group_id = g.id AND deleted_at IS NULL) p
WHERE c.group_id = ANY(%(groups)s) AND c.posts <> p.many ORDER BY g.id
"""
# Where somebody wrote or deleted, or which somebody left, perhaps with their account and all they said.
_TOUCHED_LATELY = """
WITH since AS (SELECT socialnet_id_at(clock_timestamp() - make_interval(hours => %(hours)s)) AS id)
SELECT p.group_id FROM since JOIN feeds_post p ON p.id > since.id WHERE p.group_id IS NOT NULL
UNION
SELECT p.group_id FROM since JOIN outbox_event e ON e.id > since.id
    JOIN feeds_post p ON p.id = (e.payload ->> 'post_id')::bigint
WHERE e.name = %(deleted)s AND p.group_id IS NOT NULL
UNION
SELECT (e.payload ->> 'group_id')::bigint FROM since JOIN outbox_event e ON e.id > since.id WHERE e.name = %(left)s
"""


def posts_in(group_ids: Collection[int], *, before: int | None, count: int) -> list[int]:
    """Up to `count` ids of posts in any of these groups, older than `before`, newest first; fewer only at the end."""
    params: dict[str, Any] = {
        "groups": list(group_ids),
        "before": MAX_ID + 1 if before is None else before,
        "count": count,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OF_GROUPS, params)
        return [row[0] for row in cursor.fetchall()]


def newest_of(group_id: int, *, count: int = 1000) -> list[int]:
    """The newest ids of a group: those of which a card or a seat may be kept somewhere."""
    return posts_in([group_id], before=None, count=count)


def recount(group_ids: Iterable[int]) -> None:
    """Count the posts of these groups anew, one after the other; who posts meanwhile waits."""
    for group_id in sorted(set(group_ids)):
        with transaction.atomic(), connection.cursor() as cursor:
            GroupCounts.objects.select_for_update(no_key=True).filter(pk=group_id).first()
            cursor.execute(_COUNT, {"group": group_id})


def reconcile_recent(*, hours: int = 2) -> int:
    """Compare and mend the post counts of groups in which somebody wrote or deleted lately; how many were wrong."""
    names = {"deleted": PostDeleted.name, "left": GroupLeft.name}
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED_LATELY, {"hours": hours, **names})
        touched = sorted(row[0] for row in cursor.fetchall())
    return sum(reconcile(touched[start : start + BATCH]) for start in range(0, len(touched), BATCH))


def reconcile_all() -> int:
    """As `reconcile_recent`, for every group."""
    return reconcile([group_id for group_id, _slug, _counted, _right in all_wrong()])


def reconcile(group_ids: Sequence[int]) -> int:
    """Look without locks; what seems wrong is locked and looked at again, then mended."""
    return sum(_mend(group_id) for group_id, _slug, _counted, _right in _wrong(group_ids))


@transaction.atomic
def _mend(group_id: int) -> int:
    # Posting counts under this lock: what it has not counted yet, the next statement does not see.
    GroupCounts.objects.select_for_update(no_key=True).filter(pk=group_id).first()
    for _group_id, _slug, counted, right in _wrong([group_id]):
        GroupCounts.objects.filter(pk=group_id).update(posts=right)
        log.warning("group_post_count_drift_mended", group_id=group_id, posts=counted, right_posts=right)
        _drift.inc()
        return 1
    return 0


def all_wrong() -> list[tuple[int, str, int, int]]:
    """Every group whose count of posts is wrong, looked for in batches: id, address, what is kept, what is right."""
    wrong, last = [], 0
    while ids := list(
        GroupCounts.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        wrong += _wrong(ids)
        last = ids[-1]
    return wrong


def _wrong(group_ids: Sequence[int]) -> list[tuple[int, str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_WRONG, {"groups": list(group_ids)})
        return list(cursor.fetchall())
