"""Keeping likes in order in the background: counts against rows, and what people took back long ago."""

import structlog
from django.db import connection, transaction
from prometheus_client import Counter

from feeds import cards
from feeds.models import PostCounts
from interactions.touching import touch

log = structlog.get_logger(__name__)
BATCH = 1000
_drift = Counter("socialnet_like_count_drift", "Like counts that were wrong and were mended")

_WRONG = """
SELECT c.post_id, c.likes, count(l.user_id) FROM feeds_postcounts c
LEFT JOIN interactions_like l ON l.post_id = c.post_id AND l.is_active
WHERE c.post_id = ANY(%(posts)s) GROUP BY c.post_id, c.likes HAVING c.likes <> count(l.user_id)
ORDER BY c.post_id
"""
# By the events, which tell of likes taken back, too.
_TOUCHED_LATELY = """
SELECT DISTINCT (payload ->> 'post_id')::bigint FROM outbox_event
WHERE id > socialnet_id_at(clock_timestamp() - make_interval(hours => %(hours)s))
    AND name IN ('interactions.post_liked', 'interactions.post_unliked')
"""
_FORGET = """
DELETE FROM interactions_like WHERE (user_id, post_id) IN (
    SELECT user_id, post_id FROM interactions_like
    WHERE NOT is_active AND place < socialnet_id_at(clock_timestamp() - make_interval(days => %(days)s))
    ORDER BY place LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
"""


def reconcile_all_like_counts() -> int:
    """Compare every post's like count with its likes and mend it; returns how many were wrong."""
    wrong, last = 0, 0
    counts = PostCounts.objects.order_by("pk").values_list("pk", flat=True)
    while posts := list(counts.filter(pk__gt=last)[:BATCH]):
        wrong += reconcile_like_counts(posts)
        last = posts[-1]
    return wrong


def reconcile_recent_like_counts(*, hours: int = 2) -> int:
    """As `reconcile_all_like_counts`, for what was liked or unliked in the last `hours`."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED_LATELY, {"hours": hours})
        posts = [row[0] for row in cursor.fetchall()]
    return sum(reconcile_like_counts(posts[start : start + BATCH]) for start in range(0, len(posts), BATCH))


def reconcile_like_counts(posts: list[int]) -> int:
    """Look without locks; what seems wrong is locked and looked at again, then mended."""
    return sum(_mend(post_id) for post_id, _counted, _right in _wrong(posts))


@transaction.atomic
def _mend(post_id: int) -> int:
    # Liking counts under this lock: what it has not counted yet, the next statement does not see.
    PostCounts.objects.select_for_update().filter(pk=post_id).first()
    for _post_id, counted, right in _wrong([post_id]):
        PostCounts.objects.filter(pk=post_id).update(likes=right)
        touch([post_id])
        log.warning("like_count_drift_mended", post_id=post_id, likes=counted, right_likes=right)
        _drift.inc()
        transaction.on_commit(lambda: cards.drop_counts(post_id))
        return 1
    return 0


def _wrong(posts: list[int]) -> list[tuple[int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_WRONG, {"posts": posts})
        return list(cursor.fetchall())


def forget_inactive_likes(*, days: int = 7) -> int:
    """Remove what was liked more than `days` ago and taken back since; returns how many rows."""
    forgotten = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, {"days": days, "batch": BATCH})
            gone: int = cursor.rowcount
        forgotten += gone
        if gone < BATCH:
            return forgotten
