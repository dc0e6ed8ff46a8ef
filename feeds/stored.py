"""Stored timelines in PostgreSQL: `FeedEntry`, and below it the posts of followed people by lateral join.

`FeedEntry` lacks nothing among a person's newest `DEPTH` entries: fan-out adds what is new, a follow backfills as
many. Below that the lateral join goes on, so scrolling never stops early.
"""

from collections.abc import Collection

from django.db import connection

from feeds.models import FeedEntry
from socialnet.outbox.ids import MAX_ID

DEPTH = 1000

_FLOOR = """
SELECT post_id FROM feeds_feedentry WHERE user_id = %(user)s ORDER BY post_id DESC OFFSET %(depth)s LIMIT 1
"""
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
INSERT INTO feeds_feedentry (user_id, post_id, author_id)
SELECT %(user)s, p.id, p.author_id FROM (
    SELECT id, author_id FROM feeds_post
    WHERE author_id = %(author)s AND deleted_at IS NULL AND hidden_at IS NULL
        AND (visibility IN ('public', 'followers') OR visibility = 'friends' AND EXISTS (
            SELECT 1 FROM accounts_follow
            WHERE follower_id = %(author)s AND followee_id = %(user)s AND status = 'active'))
    ORDER BY id DESC LIMIT %(depth)s
) p
WHERE EXISTS (SELECT 1 FROM accounts_follow
    WHERE follower_id = %(user)s AND followee_id = %(author)s AND status = 'active')
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
    rows = FeedEntry.objects.filter(user_id=user_id, post_id__gt=floor)
    if before is not None:
        rows = rows.filter(post_id__lt=before)
    return list(rows.order_by("-post_id").values_list("post_id", flat=True)[:count]), floor


def floor_of(user_id: int) -> int:
    """The id above which `FeedEntry` lacks nothing; 0 when it holds all there is."""
    with connection.cursor() as cursor:
        cursor.execute(_FLOOR, {"user": user_id, "depth": DEPTH})
        row = cursor.fetchone()
    return row[0] if row else 0


def followed_posts(user_id: int, *, before: int | None, count: int) -> list[int]:
    """Up to `count` ids older than `before` by the people `user_id` follows, straight from their posts."""
    params = {"user": user_id, "before": before if before is not None else MAX_ID, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(_LATERAL, params)
        return [row[0] for row in cursor.fetchall()]


def backfill(user_id: int, *, author_id: int) -> int:
    """Add the author's newest posts, if `user_id` follows them now; returns how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute(_BACKFILL, {"user": user_id, "author": author_id, "depth": DEPTH})
        return cursor.rowcount


def clear(user_id: int, *, author_id: int) -> int:
    """Take the author's posts away, unless `user_id` follows them (again) now; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_CLEAR, {"user": user_id, "author": author_id})
        return cursor.rowcount


def remove(user_id: int, post_ids: Collection[int]) -> None:
    FeedEntry.objects.filter(user_id=user_id, post_id__in=post_ids).delete()
