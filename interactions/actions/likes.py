"""Liking posts, and taking it back. The row comes first, the count last: its lock is what a viral post waits for."""

from functools import partial

from django.db import connection, transaction
from django.db.models import F

from accounts.models import User
from feeds import cards
from feeds.errors import WaitsForReview
from feeds.models import Post, PostCounts
from feeds.selectors import get_visible_original
from interactions.events import PostLiked, PostUnliked
from interactions.models import Like
from interactions.touching import touch
from socialnet.outbox.actions import emit

_BATCH = 1000

# Whether it changed anything is known from this statement alone, so that of many at once each is counted once.
_LIKE = """
INSERT INTO interactions_like AS standing (user_id, post_id) VALUES (%(user)s, %(post)s)
ON CONFLICT (user_id, post_id) DO UPDATE SET is_active = true, place = socialnet_next_id()
WHERE NOT standing.is_active
"""
# As `touch` and an update with F(), and what the count is now: one statement, because whoever likes the same waits.
_COUNT = """
WITH touched AS (INSERT INTO interactions_touched (post_id) VALUES (%(post)s))
UPDATE feeds_postcounts SET likes = likes + %(by)s WHERE post_id = %(post)s RETURNING likes
"""


@transaction.atomic
def like_post(*, post_id: int, person: User) -> int:
    """Like a post, of a share what it shares; repeating it changes nothing. Returns how many like it then.

    Raises `NotFound`, and `WaitsForReview` to its author while it is held.
    """
    original = get_visible_original(post_id, viewer=person)
    if original.author_id == person.pk and Post.objects.held().filter(pk=original.post_id).exists():
        raise WaitsForReview
    with connection.cursor() as cursor:
        cursor.execute(_LIKE, {"user": person.pk, "post": original.post_id})
        is_new = cursor.rowcount == 1
    if not is_new:
        return cards.counts_now(original.post_id)["likes"]
    event = PostLiked(post_id=original.post_id, author_id=original.author_id, user_id=person.pk)
    emit(event, actor_id=person.pk)
    return _count(original.post_id, by=1)


@transaction.atomic
def unlike_post(*, post_id: int, person: User) -> int:
    """Take a like back; repeating it changes nothing. Returns and raises as `like_post` does."""
    original = get_visible_original(post_id, viewer=person)
    standing = Like.objects.active().of(person).filter(post=original.post_id)
    if not standing.update(is_active=False):
        return cards.counts_now(original.post_id)["likes"]
    event = PostUnliked(post_id=original.post_id, author_id=original.author_id, user_id=person.pk)
    emit(event, actor_id=person.pk)
    return _count(original.post_id, by=-1)


def forget_likes(*, user_id: int) -> int:
    """Take back all that a deleted person liked, a batch at a time; returns how many. Counts follow exactly."""
    gone = 0
    while batch := _forget_batch(user_id):
        gone += batch
    return gone


@transaction.atomic
def _forget_batch(user_id: int) -> int:
    mine = Like.objects.filter(user=user_id).select_for_update().order_by("post_id")
    liked = dict(mine.values_list("post_id", "is_active")[:_BATCH])
    counted = [post_id for post_id, is_active in liked.items() if is_active]
    counts = PostCounts.objects.filter(pk__in=counted)
    list(counts.select_for_update().order_by("pk").values_list("pk"))  # in their order: two may leave at once
    counts.update(likes=F("likes") - 1)
    touch(counted)
    transaction.on_commit(partial(cards.drop_counts, *counted))
    Like.objects.filter(user=user_id, post__in=list(liked)).delete()
    return len(liked)


def _count(post_id: int, *, by: int) -> int:
    transaction.on_commit(partial(cards.drop_counts, post_id))
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"post": post_id, "by": by})
        row = cursor.fetchone()
    return int(row[0]) if row else 0
