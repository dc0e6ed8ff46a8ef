"""Reads: what somebody kept."""

from accounts.models import User
from feeds.items import FeedItem
from feeds.selectors import visible_page
from interactions.models import Bookmark
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page


def bookmarks_of(*, viewer: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[FeedItem]:
    """What `viewer` kept and may see now, what was kept last first. Other posts are left out but stay kept."""
    rows = Bookmark.objects.of(viewer).values_list("id", "post_id")
    return visible_page(rows, "id", viewer=viewer, cursor=cursor, size=size)
