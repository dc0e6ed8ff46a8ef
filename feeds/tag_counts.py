"""How many posts carry a tag: as many as every visitor sees on its page, so that the number tells of no others.

Each row of `PostHashtag` says whether it is in the count (`is_counted`), and both change in one statement: at every
moment the count equals the marked rows. What posts themselves decide, their audience, deletion, hiding and words, is
counted in the transaction that changes it; what their author's account decides, by a handler a moment later. Whoever
counts has locked the posts and counts last: count rows are locked in the order of their ids, shortly before the commit.
"""

import time
from collections.abc import Collection, Iterator
from typing import Any

import structlog
from django.db import connection, transaction
from prometheus_client import Counter

from feeds.models import HashtagCounts, Post, PostHashtag

log = structlog.get_logger(__name__)
BATCH = 500
_drift = Counter("socialnet_tag_count_drift", "Counts of tags that were wrong and were mended")

_IS_OPEN = """(p.visibility = 'public' AND p.deleted_at IS NULL AND p.hidden_at IS NULL
    AND NOT a.is_private AND a.is_active AND a.suspended_at IS NULL)"""
_COUNT = f"""
WITH lost AS (
    DELETE FROM feeds_posthashtag WHERE post_id = ANY(%(posts)s) AND (%(all)s OR hashtag_id = ANY(%(without)s))
    RETURNING hashtag_id, is_counted
), turned AS (
    UPDATE feeds_posthashtag t SET is_counted = NOT t.is_counted FROM feeds_post p, accounts_user a
    WHERE t.post_id = ANY(%(posts)s) AND NOT %(all)s AND NOT t.hashtag_id = ANY(%(without)s)
        AND p.id = t.post_id AND a.id = p.author_id AND t.is_counted <> {_IS_OPEN}
    RETURNING t.hashtag_id, CASE WHEN t.is_counted THEN 1 ELSE -1 END AS by
), change AS (
    SELECT hashtag_id, sum(by) AS by FROM (
        SELECT hashtag_id, -1 AS by FROM lost WHERE is_counted UNION ALL SELECT hashtag_id, by FROM turned
    ) one GROUP BY 1
), locked AS (
    SELECT c.hashtag_id FROM feeds_hashtagcounts c WHERE c.hashtag_id IN (SELECT hashtag_id FROM change WHERE by <> 0)
    ORDER BY c.hashtag_id FOR NO KEY UPDATE
)
UPDATE feeds_hashtagcounts c SET posts = c.posts + change.by FROM locked JOIN change USING (hashtag_id)
WHERE c.hashtag_id = locked.hashtag_id
"""
_WRONG_MARKS = f"""
SELECT DISTINCT t.post_id FROM feeds_posthashtag t
JOIN feeds_post p ON p.id = t.post_id JOIN accounts_user a ON a.id = p.author_id
WHERE t.post_id = ANY(%(posts)s) AND t.is_counted <> {_IS_OPEN}
"""
_WITH_WRONG_MARKS = f"""
SELECT tag FROM unnest(%(tags)s::bigint[]) AS tag WHERE EXISTS (
    SELECT 1 FROM feeds_posthashtag t
    JOIN feeds_post p ON p.id = t.post_id JOIN accounts_user a ON a.id = p.author_id
    WHERE t.hashtag_id = tag AND t.is_counted <> {_IS_OPEN}
) ORDER BY tag
"""
_MARKED_WRONGLY_WITH = f"""
SELECT t.post_id FROM feeds_posthashtag t
JOIN feeds_post p ON p.id = t.post_id JOIN accounts_user a ON a.id = p.author_id
WHERE t.hashtag_id = %(tag)s AND t.post_id > %(after)s AND t.is_counted <> {_IS_OPEN}
ORDER BY t.post_id LIMIT %(most)s
"""
_OF_AUTHOR = """
SELECT id FROM feeds_post WHERE author_id = %(author)s AND id > %(after)s AND deleted_at IS NULL
ORDER BY id LIMIT %(most)s
"""
_WRONG = """
SELECT h.id, h.name, c.posts, count(t.post_id) FILTER (WHERE t.is_counted) FROM feeds_hashtag h
LEFT JOIN feeds_hashtagcounts c ON c.hashtag_id = h.id LEFT JOIN feeds_posthashtag t ON t.hashtag_id = h.id
WHERE h.id = ANY(%(tags)s) GROUP BY h.id, h.name, c.posts
HAVING c.posts IS DISTINCT FROM count(t.post_id) FILTER (WHERE t.is_counted) ORDER BY h.id
"""
_USED_LATELY = """
SELECT DISTINCT hashtag_id FROM feeds_posthashtag
WHERE post_id > socialnet_id_at(clock_timestamp() - make_interval(hours => %(hours)s)) ORDER BY 1
"""
_NEXT = "SELECT id FROM feeds_hashtag WHERE id > %(after)s ORDER BY id LIMIT %(most)s"


def count(post_ids: Collection[int], *, without: Collection[int] = ()) -> None:
    """Put the counts of all tags of these posts right; they lose the tags `without` (ids).

    For who has locked the posts, or just made them; the last thing that a transaction does.
    """
    _count(post_ids, without=without)


@transaction.atomic
def recount(post_ids: Collection[int]) -> None:
    """As `count`, for posts that nobody has locked: whether they are hidden, or what their authors are, has changed.

    The lock comes first: of two who count the same post, the second sees what the first saw and what is true now.
    """
    _count(_locked(post_ids))


@transaction.atomic
def let_go(post_ids: Collection[int]) -> None:
    """These posts lose all their tags: their rows are about to go.

    Where much goes with them, in a transaction of its own before: it holds the counts of all their tags.
    """
    _count(_locked(post_ids), of_all=True)


def locked_without_tags(post_ids: Collection[int]) -> list[int]:
    """Those of these posts that carry no tag, all locked until the transaction ends: none gets one meanwhile."""
    locked = _locked(post_ids)
    tagged = set(PostHashtag.objects.filter(post__in=locked).values_list("post_id", flat=True))
    return [post_id for post_id in locked if post_id not in tagged]


def _locked(post_ids: Collection[int]) -> list[int]:
    posts = Post.objects.filter(pk__in=list(post_ids)).order_by("pk")
    return list(posts.select_for_update(no_key=True).values_list("pk", flat=True))


def _count(post_ids: Collection[int], *, without: Collection[int] = (), of_all: bool = False) -> None:
    params: dict[str, Any] = {"posts": list(post_ids), "without": list(without), "all": of_all}
    if post_ids:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, params)


def recount_wrong(post_ids: Collection[int]) -> None:
    """As `recount`, for those that seem wrong; mostly none does, and nothing is locked."""
    if wrong := [row[0] for row in _rows(_WRONG_MARKS, posts=list(post_ids))]:
        recount(wrong)


def recount_of(author_id: int, *, after: int = 0, seconds: float = 5) -> int | None:
    """What the account of this author is has changed: count their posts with ids above `after` anew, in batches.

    Returns the id after which it is to go on when the time is up, or None at the end. One batch is always made.
    """
    until = time.monotonic() + seconds
    while posts := [row[0] for row in _rows(_OF_AUTHOR, author=author_id, after=after, most=BATCH)]:
        recount_wrong(posts)
        after = posts[-1]
        if time.monotonic() > until:
            return after
    return None


def reconcile_all() -> int:
    """Compare every tag's count with the posts and mend it; returns how many were wrong."""
    return sum(reconcile(tags) for tags in _everything())


def reconcile_recent(*, hours: int = 2) -> int:
    """As `reconcile_all`, for tags of posts of the last `hours`."""
    return reconcile([row[0] for row in _rows(_USED_LATELY, hours=hours)])


def reconcile(tags: list[int]) -> int:
    """Look without locks; what seems wrong is locked and looked at again, then mended. In batches of tags and posts."""
    return sum(_reconcile(tags[start : start + BATCH]) for start in range(0, len(tags), BATCH))


def _reconcile(tags: list[int]) -> int:
    marks = sum(_mend_marks(row[0]) for row in _rows(_WITH_WRONG_MARKS, tags=tags))
    if marks:
        log.warning("tag_marks_mended", posts=marks)
    return marks + sum(_mend(hashtag_id) for hashtag_id, _name, _counted, _right in wrong(tags))


def _mend_marks(hashtag_id: int) -> int:
    mended = after = 0
    while posts := [row[0] for row in _rows(_MARKED_WRONGLY_WITH, tag=hashtag_id, after=after, most=BATCH)]:
        recount(posts)
        mended += len(posts)
        after = posts[-1]
    return mended


def wrong(tags: list[int]) -> list[tuple[int, str, int | None, int]]:
    """Of the tags with these ids those whose count is not that of the marked rows: id, name, kept, right."""
    return _rows(_WRONG, tags=tags)


@transaction.atomic
def _mend(hashtag_id: int) -> int:
    # Whoever marks rows counts them under this lock: what is not counted yet, the next statement does not see.
    HashtagCounts.objects.bulk_create([HashtagCounts(hashtag_id=hashtag_id)], ignore_conflicts=True)
    HashtagCounts.objects.select_for_update().get(pk=hashtag_id)
    for _hashtag_id, _name, counted, right in wrong([hashtag_id]):
        HashtagCounts.objects.filter(pk=hashtag_id).update(posts=right)
        log.warning("tag_count_drift_mended", hashtag_id=hashtag_id, posts=counted, right_posts=right)
        _drift.inc()
        return 1
    return 0


def _everything() -> Iterator[list[int]]:
    after = 0
    while tags := [row[0] for row in _rows(_NEXT, after=after, most=BATCH)]:
        yield tags
        after = tags[-1]


def _rows(statement: str, **params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
