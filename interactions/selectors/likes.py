"""Reads: who likes a post, and what somebody likes."""

from django.db.models import Exists, OuterRef, Q

from accounts.models import Block, Follow, User, Viewer
from accounts.selectors import PersonRow, relations_of
from feeds.items import FeedItem
from feeds.selectors import visible_page
from interactions.models import Like, LikeQuerySet
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page


def likers_of(
    *, item: FeedItem, viewer: Viewer, cursor: Cursor | None = None, size: int = PAGE_SIZE
) -> Page[PersonRow]:
    """Who likes what `item` shows, the latest first, as far as `viewer` may see them.

    Private accounts show themselves to whom they let in, and to the author, who is told of the like.
    """
    likes = Like.objects.active().filter(post=item.shown.id)
    seen = _seen_by(viewer, likes, is_author=item.shown.is_mine).select_related("user")
    rows: Page[Like] = Page.of(
        seen.before(cursor).order_by("-place"), size=size, key=lambda like: int(like.place)
    )
    relations = relations_of(viewer, [like.user_id for like in rows.items])
    people = [PersonRow(user=like.user, relations=relations[like.user_id]) for like in rows.items]
    return Page(items=people, next_cursor=rows.next_cursor)


def _seen_by(viewer: Viewer, likes: LikeQuerySet, *, is_author: bool) -> LikeQuerySet:
    standing = likes.filter(user__is_active=True, user__suspended_at=None)
    if not viewer.is_authenticated:
        return standing.filter(user__is_private=False)
    blocking = Block.objects.filter(blocker=viewer.pk, blocked=OuterRef("user_id"))
    blocked_by = Block.objects.filter(blocker=OuterRef("user_id"), blocked=viewer.pk)
    met = standing.exclude(Exists(blocking)).exclude(Exists(blocked_by))
    if is_author:
        return met
    follows = Follow.objects.active().filter(follower=viewer.pk, followee=OuterRef("user_id"))
    return met.filter(Q(user__is_private=False) | Q(user=viewer.pk) | Exists(follows))


def likes_of(*, viewer: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[FeedItem]:
    """What `viewer` likes and may see now, what was liked last first."""
    rows = Like.objects.active().of(viewer).values_list("place", "post_id")
    return visible_page(rows, "place", viewer=viewer, cursor=cursor, size=size)
