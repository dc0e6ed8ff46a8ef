"""The words that a person does not want to read."""

from accounts.models import User
from feeds.models import (
    KeywordFilter,
)
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page
from socialnet.outbox.ids import MAX_ID


def filters_of(*, person: User, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page[KeywordFilter]:
    """What `person` does not want to read, the newest first, also what has ended."""
    rows = KeywordFilter.objects.of(person).order_by("-pk")
    return Page.of(rows.filter(pk__lt=cursor.before) if cursor else rows, size=size)


def filter_for(person: User, filter_id: int) -> KeywordFilter:
    """Their filter of that id; raises `NotFound`."""
    found = KeywordFilter.objects.of(person).filter(pk=filter_id).first() if filter_id <= MAX_ID else None
    if found is None:
        raise NotFound
    return found
