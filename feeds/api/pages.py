"""What every list of posts has in common."""

from typing import Any

from rest_framework.request import Request

from feeds.serializers import (
    post_json,
)
from socialnet.kernel.pagination import Page


def as_json(page: Page[Any], request: Request) -> Page[Any]:
    signed_in = request.user.is_authenticated  # asked once: it is a lazy object behind a property
    items = [post_json(item, signed_in=signed_in) for item in page.items]
    return Page(items=items, next_cursor=page.next_cursor)
