"""Keeping feeds in order in the background: counts against rows, and what deleted people leave behind."""

from collections.abc import Iterator

import structlog
from django.db import connection, transaction
from prometheus_client import Counter

from accounts.models import PersonCounts
from feeds import (
    cards,
    files,
    group_posts,
    hooks,
    insights,
    markers,
    newest,
    previews,
    stored,
    tag_counts,
    tagged,
    timelines,
)
from feeds.actions import forget_filters, forget_hidden, remove_shares_of
from feeds.events import PostsRemoved
from feeds.models import Draft, FeedEntry, LinkPreview, Post, PostCounts, StoredFloor, TagFollow
from socialnet.outbox.actions import emit

log = structlog.get_logger(__name__)
BATCH = 1000
_drift = Counter("socialnet_post_count_drift", "Post counts that were wrong and were mended")

_WRONG = """
SELECT c.user_id, c.posts, count(p.id) FROM accounts_personcounts c
LEFT JOIN feeds_post p ON p.author_id = c.user_id AND p.deleted_at IS NULL
WHERE c.user_id = ANY(%(people)s) GROUP BY c.user_id, c.posts HAVING c.posts <> count(p.id)
"""
_WRONG_SHARES = """
SELECT c.post_id, c.shares, count(s.id) FROM feeds_postcounts c
LEFT JOIN feeds_post s ON s.share_of_id = c.post_id AND s.content = '' AND NOT s.with_media AND s.deleted_at IS NULL
WHERE c.post_id = ANY(%(posts)s) GROUP BY c.post_id, c.shares HAVING c.shares <> count(s.id)
ORDER BY c.post_id
"""
_SHARED_LATELY = """
SELECT DISTINCT share_of_id FROM feeds_post
WHERE id > socialnet_id_at(clock_timestamp() - make_interval(hours => %(hours)s)) AND share_of_id IS NOT NULL
"""
_DELETED_LATELY = """
SELECT id FROM feeds_post WHERE deleted_at > clock_timestamp() - make_interval(days => %(days)s)
"""
_RECENT = """
SELECT DISTINCT author_id FROM feeds_post
WHERE id > socialnet_id_at(clock_timestamp() - make_interval(hours => %(hours)s))
"""


def reconcile_all_post_counts() -> int:
    """Compare everybody's post count with their posts and mend it; returns how many were wrong."""
    return sum(reconcile_post_counts(people) for people in _everybody())


def reconcile_recent_post_counts(*, hours: int = 2) -> int:
    """As `reconcile_all_post_counts`, for people who wrote in the last `hours`."""
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, {"hours": hours})
        people = [row[0] for row in cursor.fetchall()]
    return sum(reconcile_post_counts(people[start : start + BATCH]) for start in range(0, len(people), BATCH))


def reconcile_post_counts(people: list[int]) -> int:
    """Look without locks; who seems wrong is locked and looked at again, then mended."""
    suspects = [user_id for user_id, _counted, _right in _wrong(people)]
    return sum(_mend(user_id) for user_id in suspects)


@transaction.atomic
def _mend(user_id: int) -> int:
    # Publishing counts under this lock: what it has not counted yet, the next statement does not see.
    PersonCounts.objects.select_for_update().get(pk=user_id)
    for _user_id, counted, right in _wrong([user_id]):
        PersonCounts.objects.filter(pk=user_id).update(posts=right)
        log.warning("post_count_drift_mended", user_id=user_id, posts=counted, right_posts=right)
        _drift.inc()
        return 1
    return 0


def reconcile_all_share_counts() -> int:
    """Compare every post's share count with its shares and mend it; returns how many were wrong."""
    wrong, last = 0, 0
    while posts := list(
        PostCounts.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        wrong += reconcile_share_counts(posts)
        last = posts[-1]
    return wrong


def reconcile_recent_share_counts(*, hours: int = 2) -> int:
    """As `reconcile_all_share_counts`, for what was shared in the last `hours`."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARED_LATELY, {"hours": hours})
        posts = [row[0] for row in cursor.fetchall()]
    return sum(reconcile_share_counts(posts[start : start + BATCH]) for start in range(0, len(posts), BATCH))


def reconcile_share_counts(posts: list[int]) -> int:
    """Look without locks; what seems wrong is locked and looked at again, then mended."""
    return sum(_mend_shares(post_id) for post_id, _counted, _right in _wrong_shares(posts))


@transaction.atomic
def _mend_shares(post_id: int) -> int:
    # Sharing counts under this lock: what it has not counted yet, the next statement does not see.
    PostCounts.objects.select_for_update().filter(pk=post_id).first()
    for _post_id, counted, right in _wrong_shares([post_id]):
        PostCounts.objects.filter(pk=post_id).update(shares=right)
        hooks.counts_changed([post_id])
        log.warning("share_count_drift_mended", post_id=post_id, shares=counted, right_shares=right)
        _drift.inc()
        cards.drop_counts(post_id)
        return 1
    return 0


def _wrong_shares(posts: list[int]) -> list[tuple[int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_WRONG_SHARES, {"posts": posts})
        return list(cursor.fetchall())


def _wrong(people: list[int]) -> list[tuple[int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_WRONG, {"people": people})
        return list(cursor.fetchall())


def _everybody() -> Iterator[list[int]]:
    last = 0
    while people := list(
        PersonCounts.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        yield people
        last = people[-1]


def trim_stored_timelines() -> int:
    """Keep stored timelines at their length; returns how many entries went."""
    return sum(
        stored.trim(people[start : start + 100])
        for people in _everybody()
        for start in range(0, len(people), 100)
    )


def sweep_deleted_entries(*, days: int = 2) -> int:
    """Take posts that were deleted in the last `days` out of stored timelines, also where nobody looks."""
    with connection.cursor() as cursor:
        cursor.execute(_DELETED_LATELY, {"days": days})
        posts = [row[0] for row in cursor.fetchall()]
    return sum(stored.sweep(posts[start : start + 20]) for start in range(0, len(posts), 20))


def forget_person(user_id: int) -> None:
    """Delete everything of a deleted person that feeds keep: posts, their copies, drafts, the timeline."""
    files.forget_owned(user_id)  # first: with their rows, the names of the files go
    while ids := list(Post.objects.filter(author=user_id).values_list("pk", flat=True)[:BATCH]):
        linked = list(
            Post.objects.filter(pk__in=ids).exclude(preview=None).values_list("preview_id", flat=True)
        )
        shared = list(Post.objects.filter(pk__in=ids).shares().values_list("share_of_id", flat=True))
        for post_id in ids:
            while remove_shares_of(post_id):
                pass
        in_groups = list(
            Post.objects.filter(pk__in=ids, group__isnull=False).values_list("group_id", flat=True)
        )
        tag_counts.let_go(ids)  # by itself: many wait for counts of tags, and what follows takes long
        with transaction.atomic():
            ids = tag_counts.locked_without_tags(ids)  # where an edit gave tags meanwhile: next time
            Post.objects.filter(pk__in=ids).delete()
            emit(PostsRemoved(post_ids=ids))
            reconcile_post_counts([user_id])
            reconcile_share_counts(shared)
            previews.forget(LinkPreview.objects.filter(pk__in=linked))
        cards.surely_drop(*ids)
        group_posts.recount(in_groups)
    newest.surely_forget(author_ids=[user_id], post_ids=[])
    Draft.objects.filter(author=user_id).delete()
    TagFollow.objects.filter(user=user_id).delete()
    FeedEntry.objects.filter(user_id=user_id).delete()
    StoredFloor.objects.filter(pk=user_id).delete()
    markers.forget(user_id)
    forget_filters(user_id=user_id)
    forget_hidden(user_id=user_id)
    insights.forget_person(user_id)
    tagged.surely_forget_followed(user_id)
    timelines.drop(user_id)
