"""What pages with lists share."""

from django.http import HttpRequest

from socialnet.kernel.pagination import Cursor


def cursor_of(request: HttpRequest, name: str = "cursor") -> Cursor | None:
    return Cursor.decode(request.GET.get(name))
