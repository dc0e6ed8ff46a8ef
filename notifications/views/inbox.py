"""The HTML door: the inbox."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from notifications import actions, selectors
from notifications.days import days_of
from notifications.items import InboxItem
from notifications.registry import Group
from notifications.selectors import ALL
from socialnet.kernel.errors import Malformed
from socialnet.kernel.pagination import Cursor, Page
from socialnet.kernel.returning import back_to
from socialnet.outbox.ids import MAX_ID

TAB_LABELS: dict[str, Promise] = {
    ALL: _("All"),
    Group.TALK: _("Conversations"),
    Group.LIKES: _("Likes and shares"),
    Group.FOLLOWS: _("Followers"),
    Group.REQUESTS: _("Requests"),
    Group.OTHER: _("Other"),
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """What of the inbox is looked at: a tab, all of it or only what is unread."""

    tab: str
    unread: bool

    @property
    def kinds(self) -> list[str]:
        return selectors.kinds_of(self.tab)

    @property
    def query(self) -> str:
        """As the query of an address, empty or with a `&` at its end."""
        named = {"tab": self.tab if self.tab != ALL else "", "unread": "1" if self.unread else ""}
        query = urlencode({name: value for name, value in named.items() if value})
        return f"{query}&" if query else ""

    @property
    def url(self) -> str:
        query = self.query.rstrip("&")
        return reverse("notifications") + (f"?{query}" if query else "")

    @property
    def head_url(self) -> str:
        """The API's address of its first items: what is new is what it has and the page has not."""
        query = {"fields": "id,is_read,updated_at"}
        if self.kinds:
            query["type"] = ",".join(self.kinds)
        return f"{reverse('api_notifications')}?{urlencode(query)}"


@never_cache
@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    shelf = Shelf(tab=request.GET.get("tab", ALL), unread=request.GET.get("unread") == "1")
    cursor = Cursor.decode(request.GET.get("cursor"))
    page = selectors.inbox_page(viewer=request.user, kinds=shelf.kinds, unread=shelf.unread, cursor=cursor)
    context = _context(request, shelf, page) | {"is_older": cursor is not None}
    if request.headers.get("X-Partial") == "items":
        return render(request, "notifications/_items.html", context)
    return render(request, "notifications/inbox.html", context)


def _context(request: HttpRequest, shelf: Shelf, page: Page[InboxItem]) -> dict[str, Any]:
    return {
        "page": page,
        "days": days_of(page.items),
        "waiting": selectors.waiting_among(page.items, viewer=request.user),
        "shelf": shelf,
        "pager_query": shelf.query,
        "tabs": [(Shelf(tab, shelf.unread), label) for tab, label in TAB_LABELS.items()],
        "everything": Shelf(shelf.tab, unread=False),
        "only_unread": Shelf(shelf.tab, unread=True),
    }


@require_POST
@login_required
def read(request: HttpRequest) -> HttpResponse:
    """One (`id`), all up to a place (`up_to`), or `all`. To repeat it changes nothing."""
    if request.POST.get("all") == "1":
        actions.mark_read(person=request.user)
    elif "up_to" in request.POST:
        actions.mark_read(person=request.user, up_to=_number(request.POST["up_to"]))
    else:
        actions.mark_read(person=request.user, ids=[_number(request.POST.get("id", ""))])
    return back_to(request, otherwise=reverse("notifications"))


def _number(text: str) -> int:
    """An id or a place; raises `Malformed` for what cannot be one."""
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and 0 < int(text) <= MAX_ID):
        raise Malformed
    return int(text)
