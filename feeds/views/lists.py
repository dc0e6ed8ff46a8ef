"""What every list of posts has in common."""

from django.http import HttpRequest

from socialnet.kernel.pagination import Cursor

ITEMS = "feeds/_items.html"


def cursor_of(request: HttpRequest) -> Cursor | None:
    return Cursor.decode(request.GET.get("cursor"))


def wants_items(request: HttpRequest) -> bool:
    """Endless scroll asks for the list only, at the address of the page."""
    return request.headers.get("X-Partial") == "items"
