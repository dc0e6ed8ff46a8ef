"""What every page knows about the person who looks at it."""

from functools import cache
from typing import Any

from django.http import HttpRequest

from accounts.cache import DATABASE_AWAY
from accounts.selectors import pending_request_count
from socialnet.kernel import neighbours
from socialnet.kernel.errors import DatabaseAway


def person(request: HttpRequest) -> dict[str, Any]:
    """`pending_requests`: how many ask to follow; costs a query only for private accounts, and only if shown.

    `letters_wait`: whether the mail server is away; asked only where somebody waits for a letter.
    """
    return {  # templates call them
        "pending_requests": cache(lambda: _pending_requests(request)),
        "letters_wait": lambda: neighbours.is_away("mail"),
    }


def _pending_requests(request: HttpRequest) -> int:
    viewer = getattr(request, "user", None)
    if viewer is None or not viewer.is_authenticated or not viewer.is_private:
        return 0
    try:
        return pending_request_count(viewer)
    except (*DATABASE_AWAY, DatabaseAway):
        return 0
