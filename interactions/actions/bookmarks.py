"""Keeping posts, and letting go of them. Nobody but who keeps them learns of it: there is no count and no event."""

from django.db import transaction

from accounts.models import User
from feeds.selectors import get_visible_original
from interactions.models import Bookmark

_BATCH = 1000


@transaction.atomic
def bookmark_post(*, post_id: int, person: User) -> None:
    """Keep a post, of a share what it shares; repeating it changes nothing. Raises `NotFound`."""
    original_id = get_visible_original(post_id, viewer=person).post_id
    Bookmark.objects.bulk_create([Bookmark(user=person, post_id=original_id)], ignore_conflicts=True)


@transaction.atomic
def unbookmark_post(*, post_id: int, person: User) -> None:
    """Let go of it; repeating it changes nothing. Raises `NotFound` as `bookmark_post` does."""
    original_id = get_visible_original(post_id, viewer=person).post_id
    Bookmark.objects.of(person).filter(post=original_id).delete()


def forget_bookmarks(*, user_id: int) -> int:
    """Remove all that a deleted person kept, a batch at a time; returns how many. Their row stays, so none cascades."""
    gone = 0
    while ids := list(Bookmark.objects.filter(user=user_id).values_list("pk", flat=True)[:_BATCH]):
        gone += Bookmark.objects.filter(pk__in=ids).delete()[0]
    return gone
