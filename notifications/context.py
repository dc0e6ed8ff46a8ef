"""What every page knows about the inbox of the person who looks at it."""

from functools import cache
from typing import Any

from django.http import HttpRequest

from accounts.cache import DATABASE_AWAY
from notifications.selectors import shown_count, unread_count
from socialnet.kernel.errors import DatabaseAway


def inbox(request: HttpRequest) -> dict[str, Any]:
    """`unread_notifications`: how many, `unread_shown`: as a badge has it; one query, and only where it is shown."""
    count = cache(lambda: _unread(request))
    return {
        "unread_notifications": count,
        "unread_shown": lambda: shown_count(count()),
    }  # templates call them


def _unread(request: HttpRequest) -> int:
    viewer = getattr(request, "user", None)
    if viewer is None or not viewer.is_authenticated:
        return 0
    try:
        return unread_count(viewer.pk)
    except (*DATABASE_AWAY, DatabaseAway):  # no badge then; the banner says why
        return 0
