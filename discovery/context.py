"""What every page may show of what trends."""

from functools import cache
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest

from discovery import selectors
from feeds.items import FeedItem
from socialnet.kernel.errors import DatabaseAway

TAGS, POSTS = 5, 3


def trends(request: HttpRequest) -> dict[str, Any]:
    """`trending_tags`, for the rail: kept by the process, without a query; `trending_posts` and
    `trending_post_ids`, for the landing page."""
    posts = cache(lambda: _posts(request))
    return {  # templates call them
        "trending_tags": cache(lambda: selectors.trending_tags(most=TAGS)),
        "trending_posts": posts,
        "trending_post_ids": cache(lambda: {item.id for item in posts()}),
    }


def _posts(request: HttpRequest) -> list[FeedItem]:
    try:
        _found, shown = selectors.trending_posts(viewer=request.user, most=POSTS)
    except (OperationalError, InterfaceError, DatabaseAway):
        return []
    return [item for _entry, item in shown]
