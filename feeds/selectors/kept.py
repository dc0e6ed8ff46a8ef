"""What the lists of posts that a person chose have in common: bookmarks, likes, what is hidden."""

from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from feeds.items import FeedItem, items_of
from socialnet.kernel.pagination import Cursor, Page

_LARGEST_BATCH = 200


def visible_page(
    rows: QuerySet[Any, tuple[int, int]], order: str, *, viewer: User, cursor: Cursor | None, size: int
) -> Page[FeedItem]:
    """Those posts of `rows` (place and post, by `order` downwards) that `viewer` may see now; the others are passed by.

    Full until the list ends, in two queries a round; only who kept much that is gone pays for more rounds.
    """
    shown: list[FeedItem] = []
    last, batch = cursor, size + 1
    while True:
        some = rows if cursor is None else rows.filter(**{f"{order}__lt": cursor.before})
        pairs = list(some.order_by(f"-{order}")[:batch])
        visible = {item.id: item for item in items_of([post_id for _place, post_id in pairs], viewer=viewer)}
        for place, post_id in pairs:
            if post_id in visible and len(shown) == size:
                return Page(items=shown, next_cursor=last)
            if post_id in visible:
                shown.append(visible[post_id])
                last = Cursor(before=place)
        if len(pairs) < batch:
            return Page(items=shown)
        cursor, batch = Cursor(before=pairs[-1][0]), min(_LARGEST_BATCH, batch * 2)
