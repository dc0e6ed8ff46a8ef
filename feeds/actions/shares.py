"""Passing on what others wrote."""

from functools import partial

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import PersonCounts, User
from feeds import cards, hooks, newest
from feeds.actions.posts import add_post, delete_post, lock_original
from feeds.events import PostsRemoved
from feeds.models import IS_SHARE, Post, PostCounts
from socialnet.outbox.actions import emit

_BATCH = 500


@transaction.atomic
def share_post(*, post: Post, person: User) -> Post:
    """Pass `post` on to the followers of `person`; repeating it changes nothing.

    Sharing a share shares the original and keeps whose share led there. Raises `NotFound`, or `CannotShare` when the
    post is not for everybody.
    """
    original = lock_original(post, by=person)  # whoever shares the same waits here
    standing = Post.objects.filter(author=person, share_of=original.pk, deleted_at=None).shares().first()
    if standing is not None:
        return standing
    share = add_post(
        Post(
            author=person, share_of=original, via=post if post.is_share else None, language=original.language
        )
    )
    PostCounts.objects.filter(pk=original.pk).update(shares=F("shares") + 1)
    hooks.counts_changed([original.pk])
    transaction.on_commit(partial(cards.drop_counts, original.pk))
    return share


@transaction.atomic
def unshare_post(*, post: Post, person: User) -> None:
    """Take one's share back; repeating it changes nothing. `post` is the original, or any share of it."""
    original_id = post.share_of_id if post.is_share else post.pk
    share = Post.objects.filter(author=person, share_of=original_id, deleted_at=None).shares().first()
    if share is not None:
        delete_post(post=share, actor=person)


@transaction.atomic
def remove_shares_of(original_id: int) -> int:
    """Take away a batch of the shares of a post that is gone; returns how many were found, 0 when none are left.

    Who shared is locked first: a follow counts for its two people in either order, under the same locks.
    """
    standing = Post.objects.filter(IS_SHARE, share_of=original_id, deleted_at=None).order_by("pk")
    sharers = list(standing.values_list("author_id", flat=True)[:_BATCH])
    if not sharers:
        return 0
    list(User.objects.select_for_update(no_key=True).filter(pk__in=sharers).order_by("pk").values_list("pk"))
    mine = standing.filter(author__in=sharers).select_for_update(of=["self"])
    authors = dict(mine.values_list("pk", "author_id"))  # each once: `post_shared_once`
    ids = list(authors)
    Post.objects.filter(pk__in=ids).update(deleted_at=Now())
    PersonCounts.objects.filter(pk__in=authors.values()).update(posts=F("posts") - 1)
    PostCounts.objects.filter(pk=original_id).update(shares=F("shares") - len(ids))
    hooks.counts_changed([original_id])
    emit(PostsRemoved(post_ids=ids))
    transaction.on_commit(partial(cards.drop, *ids))
    transaction.on_commit(partial(newest.forget, author_ids=sharers))
    return len(sharers)
