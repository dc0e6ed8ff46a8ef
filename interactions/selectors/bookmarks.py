"""Reads: what somebody kept."""

from accounts.models import User
from feeds.items import FeedItem, items_of
from interactions.models import Bookmark
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page

_LARGEST_BATCH = 200


def bookmarks_of(*, viewer: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[FeedItem]:
    """What `viewer` kept and may see now, what was kept last first. Other posts are left out but stay kept.

    Full until the list ends, in two queries a round; only who kept much that is gone pays for more rounds.
    """
    shown: list[FeedItem] = []
    last, batch = cursor, size + 1
    while True:
        rows = list(
            Bookmark.objects.of(viewer).before(cursor).order_by("-id").values_list("id", "post_id")[:batch]
        )
        visible = {item.id: item for item in items_of([post_id for _id, post_id in rows], viewer=viewer)}
        for bookmark_id, post_id in rows:
            if post_id in visible and len(shown) == size:
                return Page(items=shown, next_cursor=last)
            if post_id in visible:
                shown.append(visible[post_id])
                last = Cursor(before=bookmark_id)
        if len(rows) < batch:
            return Page(items=shown)
        cursor, batch = Cursor(before=rows[-1][0]), min(_LARGEST_BATCH, batch * 2)
