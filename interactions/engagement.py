"""How many likes and comments of others somebody's posts got, by day; for `feeds.hooks.engagement`."""

from datetime import date

from django.db import connection

from socialnet.outbox.ids import EPOCH

# By the index of a post's likes and that of its comments, for each post of the author that is there.
_LIKED = """
SELECT (to_timestamp(l.place / 4096 / 1000.0 + %(epoch)s) AT TIME ZONE 'utc')::date, count(*)
FROM feeds_post p JOIN interactions_like l ON l.post_id = p.id
WHERE p.author_id = %(user)s AND p.deleted_at IS NULL AND l.place >= %(since)s AND l.is_active
    AND l.user_id <> p.author_id
GROUP BY 1
"""
_COMMENTED = """
SELECT (to_timestamp(c.id / 4096 / 1000.0 + %(epoch)s) AT TIME ZONE 'utc')::date, count(*)
FROM feeds_post p JOIN interactions_comment c ON c.post_id = p.id
WHERE p.author_id = %(user)s AND p.deleted_at IS NULL AND c.id >= %(since)s AND c.deleted_at IS NULL
    AND c.author_id <> p.author_id
GROUP BY 1
"""


def engagement(user_id: int, since_id: int) -> dict[date, tuple[int, int]]:
    params = {"user": user_id, "since": since_id, "epoch": EPOCH.timestamp()}
    with connection.cursor() as cursor:
        cursor.execute(_LIKED, params)
        likes = dict(cursor.fetchall())
        cursor.execute(_COMMENTED, params)
        comments = dict(cursor.fetchall())
    return {day: (likes.get(day, 0), comments.get(day, 0)) for day in likes.keys() | comments.keys()}
