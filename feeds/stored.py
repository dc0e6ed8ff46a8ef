"""Stored timelines in PostgreSQL: `FeedEntry`, and below it the posts of followed people by lateral join.

`FeedEntry` lacks nothing above a person's floor: fan-out adds what is new, a follow backfills up to `DEPTH` posts
and raises the floor to where it stopped. Below it the lateral join goes on, so scrolling never stops early.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from feeds.models import FeedEntry, StoredFloor
from socialnet.outbox.ids import MAX_ID

DEPTH = 1000

_LATERAL = """
SELECT p.id FROM (
    SELECT followee_id AS author_id FROM accounts_follow WHERE follower_id = %(user)s AND status = 'active'
    UNION ALL SELECT %(user)s
) source
CROSS JOIN LATERAL (
    SELECT id FROM feeds_post
    WHERE author_id = source.author_id AND id < %(before)s AND deleted_at IS NULL
    ORDER BY id DESC LIMIT %(count)s
) p
ORDER BY p.id DESC LIMIT %(count)s
"""
# What a follower gets of an author: everything but private posts, and friends' posts if the author follows back.
_BACKFILL = """
WITH newest AS (
    SELECT id, author_id FROM feeds_post
    WHERE author_id = %(author)s AND deleted_at IS NULL
        AND (visibility IN ('public', 'followers') OR visibility = 'friends' AND EXISTS (
            SELECT 1 FROM accounts_follow
            WHERE follower_id = %(author)s AND followee_id = %(user)s AND status = 'active'))
        AND EXISTS (SELECT 1 FROM accounts_follow
            WHERE follower_id = %(user)s AND followee_id = %(author)s AND status = 'active')
    ORDER BY id DESC LIMIT %(depth)s + 1
), raised AS (
    INSERT INTO feeds_storedfloor (user_id, floor)
    SELECT %(user)s, min(id) FROM newest HAVING count(*) > %(depth)s
    ON CONFLICT (user_id) DO UPDATE SET floor = greatest(feeds_storedfloor.floor, excluded.floor)
)
INSERT INTO feeds_feedentry (user_id, post_id, author_id)
SELECT %(user)s, id, author_id FROM newest
ON CONFLICT (user_id, post_id) DO NOTHING
"""
# The same for whole homes at once, for loaders: the newest `DEPTH` of all sources together.
_FILL = """
WITH newest AS (
    SELECT person.id AS user_id, p.id AS post_id, p.author_id FROM unnest(%(people)s::bigint[]) AS person (id)
    CROSS JOIN LATERAL (
        SELECT p.id, source.author_id FROM (
            SELECT f.followee_id AS author_id, EXISTS (SELECT 1 FROM accounts_follow b
                WHERE b.follower_id = f.followee_id AND b.followee_id = person.id AND b.status = 'active') AS is_friend
            FROM accounts_follow f WHERE f.follower_id = person.id AND f.status = 'active'
            UNION ALL SELECT person.id, NULL
        ) source
        CROSS JOIN LATERAL (
            SELECT id FROM feeds_post
            WHERE author_id = source.author_id AND deleted_at IS NULL
                AND (visibility IN ('public', 'followers') OR source.author_id = person.id
                    OR visibility = 'friends' AND source.is_friend)
            ORDER BY id DESC LIMIT %(depth)s + 1
        ) p
        ORDER BY p.id DESC LIMIT %(depth)s + 1
    ) p
), raised AS (
    INSERT INTO feeds_storedfloor (user_id, floor)
    SELECT user_id, min(post_id) FROM newest GROUP BY user_id HAVING count(*) > %(depth)s
    ON CONFLICT (user_id) DO UPDATE SET floor = greatest(feeds_storedfloor.floor, excluded.floor)
)
INSERT INTO feeds_feedentry (user_id, post_id, author_id)
SELECT user_id, post_id, author_id FROM newest
ON CONFLICT (user_id, post_id) DO NOTHING
"""
_CLEAR = """
DELETE FROM feeds_feedentry WHERE user_id = %(user)s AND author_id = %(author)s AND NOT EXISTS (
    SELECT 1 FROM accounts_follow
    WHERE follower_id = %(user)s AND followee_id = %(author)s AND status = 'active')
"""


def entries(user_id: int, *, before: int | None, count: int) -> tuple[list[int], int]:
    """Up to `count` ids older than `before`, newest first, and the floor below which to ask `followed_posts`."""
    floor = floor_of(user_id)
    if before is not None and before <= floor:
        return [], floor
    rows = FeedEntry.objects.filter(user_id=user_id, post_id__gt=floor)
    if before is not None:
        rows = rows.filter(post_id__lt=before)
    return list(rows.order_by("-post_id").values_list("post_id", flat=True)[:count]), floor


def floor_of(user_id: int) -> int:
    """The id above which `FeedEntry` lacks nothing; 0 when it holds all there is."""
    return StoredFloor.objects.filter(pk=user_id).values_list("floor", flat=True).first() or 0


def followed_posts(user_id: int, *, before: int | None, count: int) -> list[int]:
    """Up to `count` ids older than `before` by the people `user_id` follows, straight from their posts."""
    params = {"user": user_id, "before": before if before is not None else MAX_ID, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(_LATERAL, params)
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def _alone_with(user_id: int) -> Iterator[Any]:
    """A cursor under a lock of this person's list. Without it a clearing that began before a new follow could delete
    what the backfill of that follow found in place and therefore did not add."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('feeds.stored', %s))", [user_id])
        yield cursor


def backfill(user_id: int, *, author_id: int) -> int:
    """Add the author's newest posts, if `user_id` follows them now; returns how many were missing."""
    with _alone_with(user_id) as cursor:
        cursor.execute(_BACKFILL, {"user": user_id, "author": author_id, "depth": DEPTH})
        return int(cursor.rowcount)


def fill(people: Collection[int]) -> int:
    """Complete the homes of `people` (ids) from all that they follow; returns how many entries were missing."""
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"people": list(people), "depth": DEPTH})
        return cursor.rowcount


def clear(user_id: int, *, author_id: int) -> int:
    """Take the author's posts away, unless `user_id` follows them (again) now; returns how many."""
    with _alone_with(user_id) as cursor:
        cursor.execute(_CLEAR, {"user": user_id, "author": author_id})
        return int(cursor.rowcount)


def remove(user_id: int, post_ids: Collection[int]) -> None:
    FeedEntry.objects.filter(user_id=user_id, post_id__in=post_ids).delete()
