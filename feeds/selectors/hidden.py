"""What somebody hid from themselves."""

from accounts.models import User
from feeds.items import FeedItem
from feeds.models import HiddenPost
from feeds.selectors.kept import visible_page
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page


def hidden_of(*, viewer: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[FeedItem]:
    """What `viewer` hid and may see now, what was hidden last first. Other posts are left out but stay hidden."""
    rows = HiddenPost.objects.of(viewer).values_list("id", "post_id")
    return visible_page(rows, "id", viewer=viewer, cursor=cursor, size=size)
