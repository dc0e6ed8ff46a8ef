"""The counts of comments against the rows, in the background; and likes that were taken back long ago."""

import structlog
from django.db import connection, transaction
from prometheus_client import Counter

from feeds import cards
from feeds.models import Post, PostCounts
from interactions.models import Comment
from interactions.touching import touch

log = structlog.get_logger(__name__)
BATCH = 1000
_drift = Counter(
    "socialnet_comment_count_drift", "Counts of comments that were wrong and were mended", ["count"]
)

_WRONG_COMMENTS = """
SELECT counts.post_id, counts.comments, count(c.id) FROM feeds_postcounts counts
LEFT JOIN interactions_comment c ON c.post_id = counts.post_id AND c.deleted_at IS NULL
WHERE counts.post_id = ANY(%(posts)s)
GROUP BY counts.post_id, counts.comments HAVING counts.comments <> count(c.id) ORDER BY counts.post_id
"""
_WRONG_INSIDE = """
SELECT * FROM (
    SELECT c.id, c.likes, c.replies,
        (SELECT count(*) FROM interactions_commentlike l WHERE l.comment_id = c.id AND l.is_active) AS right_likes,
        (SELECT count(*) FROM interactions_comment a WHERE a.parent_id = c.id AND a.deleted_at IS NULL) AS right_replies
    FROM interactions_comment c WHERE c.post_id = ANY(%(posts)s)
) counted
WHERE (likes, replies) <> (right_likes, right_replies) ORDER BY id
"""
# By the events, which tell of what is gone, too.
_TOUCHED_LATELY = """
SELECT DISTINCT coalesce(c.post_id, (e.payload ->> 'post_id')::bigint) AS post_id FROM outbox_event e
LEFT JOIN interactions_comment c ON c.id = (e.payload ->> 'comment_id')::bigint
WHERE e.id > socialnet_id_at(clock_timestamp() - make_interval(hours => %(hours)s)) AND e.name IN (
    'interactions.comment_written', 'interactions.comment_deleted',
    'interactions.comment_liked', 'interactions.comment_unliked')
"""
_FORGET_LIKES = """
DELETE FROM interactions_commentlike WHERE (user_id, comment_id) IN (
    SELECT user_id, comment_id FROM interactions_commentlike
    WHERE NOT is_active AND place < socialnet_id_at(clock_timestamp() - make_interval(days => %(days)s))
    ORDER BY place LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
"""


def reconcile_all() -> int:
    """Compare all counts of comments with the rows and mend them; returns under how many posts one was wrong."""
    wrong, last = 0, 0
    counts = PostCounts.objects.order_by("pk").values_list("pk", flat=True)
    while posts := list(counts.filter(pk__gt=last)[:BATCH]):
        wrong += reconcile(posts)
        last = posts[-1]
    return wrong


def reconcile_recent(*, hours: int = 2) -> int:
    """As `reconcile_all`, under posts where something happened in the last `hours`."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED_LATELY, {"hours": hours})
        posts = [row[0] for row in cursor.fetchall() if row[0] is not None]
    return sum(reconcile(posts[start : start + BATCH]) for start in range(0, len(posts), BATCH))


def reconcile(posts: list[int]) -> int:
    """Look without locks; where something seems wrong is locked and looked at again, then mended."""
    suspects = {row[0] for row in _rows(_WRONG_COMMENTS, posts)}
    inside = [row[0] for row in _rows(_WRONG_INSIDE, posts)]
    suspects |= set(Comment.objects.filter(pk__in=inside).values_list("post_id", flat=True))
    return sum(_mend(post_id) for post_id in sorted(suspects))


@transaction.atomic
def _mend(post_id: int) -> int:
    # What changes the tree counts under the first of these locks, a like under the second.
    list(Post.objects.select_for_update(no_key=True).filter(pk=post_id).values_list("pk"))
    inside = [row[0] for row in _rows(_WRONG_INSIDE, [post_id])]
    list(
        Comment.objects.select_for_update(no_key=True).filter(pk__in=inside).order_by("pk").values_list("pk")
    )
    mended = 0
    for comment_id, likes, replies, right_likes, right_replies in _rows(_WRONG_INSIDE, [post_id]):
        if comment_id not in inside:
            continue  # not locked: it looks wrong only while a like is at work
        Comment.objects.filter(pk=comment_id).update(likes=right_likes, replies=right_replies)
        log.warning(
            "comment_drift_mended",
            comment_id=comment_id,
            likes=likes,
            replies=replies,
            right_likes=right_likes,
            right_replies=right_replies,
        )
        _drift.labels("likes").inc(likes != right_likes)
        _drift.labels("replies").inc(replies != right_replies)
        mended = 1
    for _post_id, counted, right in _rows(_WRONG_COMMENTS, [post_id]):
        PostCounts.objects.filter(pk=post_id).update(comments=right)
        touch([post_id])
        transaction.on_commit(lambda: cards.drop_counts(post_id))
        log.warning("comment_count_drift_mended", post_id=post_id, comments=counted, right_comments=right)
        _drift.labels("comments").inc()
        mended = 1
    return mended


def _rows(statement: str, posts: list[int]) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"posts": posts})
        return list(cursor.fetchall())


def forget_inactive_likes(*, days: int = 7) -> int:
    """Remove likes of comments that are more than `days` old and were taken back; returns how many rows."""
    forgotten = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET_LIKES, {"days": days, "batch": BATCH})
            gone: int = cursor.rowcount
        forgotten += gone
        if gone < BATCH:
            return forgotten
