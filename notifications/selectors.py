"""Reads: a person's inbox, and how much of it is new."""

from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Count

from accounts.models import Follow, User
from notifications import items
from notifications.items import InboxItem
from notifications.models import Notification
from notifications.registry import KINDS, Group
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import PAGE_SIZE, Cursor, Page

ALL = "all"
TABS = (ALL, *Group)
UNREAD_SHOWN = 99
_UNREAD = """
SELECT count(*) FROM notifications_notification WHERE recipient_id = %(person)s AND stands AND read_at IS NULL
"""


def inbox_page(
    *,
    viewer: User,
    kinds: Collection[str] = (),
    unread: bool = False,
    cursor: Cursor | None = None,
    size: int = PAGE_SIZE,
) -> Page[InboxItem]:
    """The viewer's notifications, what came last first; of `kinds` only, if any are given. A fixed cost."""
    rows = Notification.objects.of(viewer).standing().before(cursor)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if unread:
        rows = rows.unread()
    page: Page[Notification] = Page.of(rows.order_by("-place"), size=size, key=lambda row: row.place)
    return Page(items=items.items(page.items, viewer=viewer), next_cursor=page.next_cursor)


def kinds_of(tab: str) -> list[str]:
    """The kinds below a tab of the inbox; none for all of them. Raises `NotFound` for a tab that there is not."""
    if tab not in TABS:
        raise NotFound
    return [] if tab == ALL else [kind.name for kind in KINDS.values() if kind.group == tab]


def waiting_among(items: Iterable[InboxItem], *, viewer: User) -> set[int]:
    """Who of those that these notifications tell of waits for leave to follow the viewer; a query only if any asked."""
    asked = [card.id for item in items if item.kind == "follow_request" for card in item.actors]
    if not asked:
        return set()
    waiting = Follow.objects.filter(followee=viewer, follower__in=asked, status=Follow.Status.PENDING)
    return set(waiting.values_list("follower_id", flat=True))


def place_of(*, notification_id: int, viewer: User) -> int:
    """Where one of the viewer's notifications is in the inbox; raises `NotFound`."""
    place = Notification.objects.of(viewer).filter(pk=notification_id).values_list("place", flat=True).first()
    if place is None:
        raise NotFound
    return place


def shown_count(many: int) -> str:
    """A number of unread notifications as a badge has it."""
    return f"{UNREAD_SHOWN}+" if many > UNREAD_SHOWN else str(many)


def unread_count(user_id: int) -> int:
    """How many notifications the person has not read: exact, by a partial index."""
    with (
        connection.cursor() as cursor
    ):  # it is on every page, and its making would take longer than its answer
        cursor.execute(_UNREAD, {"person": user_id})
        many: int = cursor.fetchone()[0]
        return many


def unread_counts(user_ids: Iterable[int]) -> dict[int, int]:
    """As `unread_count`, for several people in one query; who has none is missing."""
    rows = Notification.objects.standing().unread().filter(recipient__in=list(user_ids))
    return dict(rows.values_list("recipient_id").annotate(many=Count("id")).order_by())
