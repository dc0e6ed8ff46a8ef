"""What the HTML doors to posts have in common."""

from django.http import HttpRequest

from feeds.selectors import get_visible_item
from socialnet.kernel.errors import NotFound


def address_of(request: HttpRequest, username: str, post_id: int) -> str:
    """The post's own address; raises `NotFound` when it is not visible, or somebody else's."""
    item = get_visible_item(post_id, viewer=request.user)
    if item.author.username.lower() != username.lower():
        raise NotFound
    return item.url
