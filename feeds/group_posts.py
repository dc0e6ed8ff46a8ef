"""What is said in groups: merged into the homes of members as these are read (ADR 55), and counted.

Which groups a person is in is kept in Redis beside their timeline (`groups.cache`). Candidates only: the door judges,
for each reader, each time.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection, transaction

from feeds.belonging import GROUPS
from groups.models import GroupCounts
from socialnet.outbox.ids import MAX_ID

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
