"""Stored timelines in PostgreSQL: `FeedEntry`, and below it the posts of followed people and tags, and of groups, by
lateral join.

`FeedEntry` lacks nothing above a person's floor: fan-out adds what is new, a follow backfills up to `DEPTH` posts
and raises the floor to where it stopped. Below it the lateral join goes on, so scrolling never stops early.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from feeds import group_posts, tagged
from feeds.belonging import GROUPS, IS_FOR_FOLLOWERS, SOURCES, TAGS, follows, is_delivered
from feeds.models import FeedEntry, StoredFloor
from feeds.shields import FILTERS_OF_PERSON, Kept
from socialnet.kernel.postgres import in_time
from socialnet.outbox.ids import MAX_ID

DEPTH = 1000
CLOSEST = 20
READ_MILLISECONDS, CLOSEST_MILLISECONDS = 2000, 1000  # then a reader gets something less whole

# Floor and rows of one moment: trimming raises the one and takes the others away. And what else a home asks for: tags,
# groups, filters.
_ENTRIES = f"""
SELECT coalesce(a.state = 'live', false), coalesce(f.floor, 0), ARRAY(
    SELECT post_id FROM feeds_feedentry
    WHERE user_id = %(user)s AND post_id > coalesce(f.floor, 0) AND post_id < %(before)s
    ORDER BY post_id DESC LIMIT %(count)s
), ARRAY(SELECT name FROM feeds_hashtag WHERE id IN ({TAGS})), ARRAY({GROUPS}), {FILTERS_OF_PERSON}
FROM (SELECT %(user)s::bigint AS id) person
LEFT JOIN accounts_activity a ON a.user_id = person.id
LEFT JOIN feeds_storedfloor f ON f.user_id = person.id
"""
_LATERAL = f"""
SELECT id FROM (
    (SELECT p.id FROM ({SOURCES}) source
    CROSS JOIN LATERAL (
        SELECT id FROM feeds_post
        WHERE author_id = source.author_id AND id < %(before)s AND deleted_at IS NULL AND {IS_FOR_FOLLOWERS}
        ORDER BY id DESC LIMIT %(count)s
    ) p
    ORDER BY p.id DESC LIMIT %(count)s)
    UNION ({tagged.OF_PERSON})
    UNION ({group_posts.OF_PERSON})
) found ORDER BY id DESC LIMIT %(count)s
"""
_CLOSEST = f"""
SELECT p.id FROM (
    (SELECT followee_id AS author_id FROM accounts_follow WHERE follower_id = %(user)s AND status = 'active'
        ORDER BY array_position(%(closest)s::bigint[], followee_id), id DESC LIMIT %(most)s)
    UNION ALL SELECT %(user)s
) source
CROSS JOIN LATERAL (
    SELECT id FROM feeds_post WHERE author_id = source.author_id AND deleted_at IS NULL AND {IS_FOR_FOLLOWERS}
    ORDER BY id DESC LIMIT 10
) p
ORDER BY p.id DESC LIMIT %(count)s
"""
# What a follower gets of an author: everything but private posts, and friends' posts if the author follows back.
_BACKFILL = f"""
WITH newest AS (
    SELECT id, author_id FROM feeds_post
    WHERE author_id = %(author)s AND deleted_at IS NULL
        AND (visibility IN ('public', 'followers')
            OR visibility = 'friends' AND {follows(viewer="%(author)s", author="%(user)s")})
        AND {is_delivered(viewer="%(user)s", author="%(author)s")}
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
_CLEAR = f"""
DELETE FROM feeds_feedentry
WHERE user_id = %(user)s AND author_id = %(author)s AND NOT {is_delivered(viewer="%(user)s", author="%(author)s")}
"""
# Rows at or below the floor, and those beyond the newest that are kept, under which the floor rises.
_TRIM = """
WITH cut AS (
    SELECT person.id AS user_id, extra.post_id, greatest(extra.post_id, f.floor) AS floor
    FROM unnest(%(people)s::bigint[]) AS person (id)
    LEFT JOIN LATERAL (
        SELECT post_id FROM feeds_feedentry WHERE user_id = person.id
        ORDER BY post_id DESC OFFSET %(kept)s LIMIT 1
    ) extra ON true
    LEFT JOIN feeds_storedfloor f ON f.user_id = person.id
), raised AS (
    INSERT INTO feeds_storedfloor (user_id, floor)
    SELECT user_id, post_id FROM cut WHERE post_id IS NOT NULL ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET floor = greatest(feeds_storedfloor.floor, excluded.floor)
)
DELETE FROM feeds_feedentry e USING cut WHERE e.user_id = cut.user_id AND e.post_id <= cut.floor
"""
# Whoever stopped following has lost the entries already: the posts are at home where people follow, and their own.
_SWEEP = """
DELETE FROM feeds_feedentry e USING feeds_post p, (
    SELECT follower_id AS user_id, followee_id AS author_id FROM accounts_follow WHERE status = 'active'
    UNION ALL SELECT id, id FROM accounts_user
) home
WHERE p.id = ANY(%(posts)s) AND p.deleted_at IS NOT NULL AND home.author_id = p.author_id
    AND e.user_id = home.user_id AND e.post_id = p.id
"""


class Entries(NamedTuple):
    """Part of a stored timeline. Below `floor` the feed goes on in `followed_posts`; 0: there is nothing below.

    Nobody keeps up the entries of people who are away or only now back: then all of it is there, and none here.
    `tags` are the names of those that the person follows, `groups` the ids of those that they are in, whose posts are
    not among the entries; `filters` is what they do not want to read.
    """

    ids: list[int]
    floor: int
    kept_up: bool = True
    tags: Sequence[str] = ()
    groups: Sequence[int] = ()
    filters: Kept | None = None


def entries(user_id: int, *, before: int | None, count: int) -> Entries:
    """Up to `count` ids older than `before`, newest first, in one statement."""
    params = {"user": user_id, "before": MAX_ID + 1 if before is None else before, "count": count}
    with in_time(READ_MILLISECONDS) as cursor:
        cursor.execute(_ENTRIES, params)
        kept_up, floor, ids, tags, groups, filters = cursor.fetchone()
    if not kept_up:
        return Entries([], MAX_ID, kept_up=False)
    return Entries(ids, floor, tags=tags, groups=groups, filters=filters)


def floor_of(user_id: int) -> int:
    """The id above which `FeedEntry` lacks nothing; 0 when it holds all there is."""
    return StoredFloor.objects.filter(pk=user_id).values_list("floor", flat=True).first() or 0


def followed_posts(user_id: int, *, before: int | None, count: int) -> list[int]:
    """Up to `count` ids older than `before` by the people `user_id` follows, with a tag that they follow or in a
    group of theirs, straight from the posts."""
    params = {"user": user_id, "before": before if before is not None else MAX_ID, "count": count}
    with in_time(READ_MILLISECONDS) as cursor:
        cursor.execute(_LATERAL, params)
        return [row[0] for row in cursor.fetchall()]


def closest_posts(user_id: int, *, closest: Collection[int], count: int) -> list[int]:
    """The newest ids of `CLOSEST` followed people, newest first: of `closest` (ids, the closest first) as far as
    `user_id` follows them, then of whom they followed last; and their own. Asked for when all else takes too long."""
    params = {"user": user_id, "closest": list(closest), "most": CLOSEST, "count": count}
    with in_time(CLOSEST_MILLISECONDS) as cursor:
        cursor.execute(_CLOSEST, params)
        return [row[0] for row in cursor.fetchall()]


@contextmanager
def alone_with(user_id: int) -> Iterator[Any]:
    """A cursor under a lock of this person's list. Without it a clearing that began before a new follow could delete
    what the backfill of that follow found in place and therefore did not add."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('feeds.stored', %s))", [user_id])
        yield cursor


def backfill(user_id: int, *, author_id: int) -> int:
    """Add the author's newest posts, if `user_id` follows them now; returns how many were missing."""
    with alone_with(user_id) as cursor:
        cursor.execute(_BACKFILL, {"user": user_id, "author": author_id, "depth": DEPTH})
        return int(cursor.rowcount)


def fill(people: Collection[int]) -> int:
    """Complete the homes of `people` (ids) from all that they follow; returns how many entries were missing."""
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"people": list(people), "depth": DEPTH})
        return cursor.rowcount


def clear(user_id: int, *, author_id: int) -> int:
    """Take the author's posts away, unless the author is followed (again) now; returns how many."""
    with alone_with(user_id) as cursor:
        cursor.execute(_CLEAR, {"user": user_id, "author": author_id})
        return int(cursor.rowcount)


def remove(user_id: int, post_ids: Collection[int]) -> None:
    FeedEntry.objects.filter(user_id=user_id, post_id__in=post_ids).delete()


def trim(people: Collection[int]) -> int:
    """Keep the newest `FEED_ENTRIES_KEPT` of each of `people` (ids) and what their floors promise; returns how many
    entries went."""
    with connection.cursor() as cursor:
        cursor.execute(_TRIM, {"people": list(people), "kept": settings.FEED_ENTRIES_KEPT})
        return int(cursor.rowcount)


def sweep(post_ids: Collection[int]) -> int:
    """Take those of `post_ids` that are deleted out of all stored timelines; returns how many entries went."""
    with connection.cursor() as cursor:
        cursor.execute(_SWEEP, {"posts": list(post_ids)})
        return int(cursor.rowcount)
