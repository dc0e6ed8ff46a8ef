"""The HTML door: the page of search, and what its results tell of being opened."""

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from discovery.errors import SearchPaused
from discovery.search import numbers
from discovery.search.marks import Marks
from discovery.search.query import Query, parse
from discovery.search.steps import WHOLE
from discovery.selectors.documents import FoundPage, Type, scope_of, search_page
from feeds.items import FeedItem
from socialnet.kernel import ratelimit
from socialnet.kernel.errors import CursorExpired, Malformed
from socialnet.kernel.snapshots import Place

ALL = "all"
FIRST_PEOPLE, FIRST_TAGS, FIRST_GROUPS = 3, 6, 2  # above the posts, where everything is looked for
RANK_MOST = 500
_RANK = re.compile(r"[0-9]{1,3}", re.ASCII)
TAB_LABELS: dict[str, Promise] = {
    ALL: gettext_lazy("All"),
    Type.POSTS: gettext_lazy("Posts"),
    Type.USERS: gettext_lazy("People"),
    Type.HASHTAGS: gettext_lazy("Tags"),
    Type.GROUPS: gettext_lazy("Groups"),
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What is looked for, and where."""

    text: str
    tab: str

    @property
    def kind(self) -> Type:
        """What the list of the page is made of."""
        return Type.POSTS if self.tab == ALL else Type(self.tab)

    @property
    def query(self) -> str:
        """As the query of an address."""
        return urlencode({"q": self.text} | ({"type": self.tab} if self.tab != ALL else {}))

    @property
    def is_new(self) -> bool:
        """Whether nothing was asked for yet."""
        return not self.text

    @property
    def url(self) -> str:
        return f"{reverse('search')}?{self.query}"


@never_cache
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    desk = Desk(request.GET.get("q", "").strip(), _tab(request))
    context: dict[str, Any] = {"desk": desk, "q": desk.text, "tabs": _tabs(desk)}
    if not desk.text:
        return render(request, "discovery/search.html", context)
    ratelimit.check("search", request.user.pk or ratelimit.address_of(request))
    query = parse(desk.text)
    try:
        context |= _found(request, desk, query)
    except SearchPaused as error:
        context |= {"paused": True, "banner": {"title": _("Search is paused."), "text": str(error.sentence)}}
        paused = render(request, "discovery/search.html", context, status=error.status)
        paused["Retry-After"] = str(error.retry_after)
        return paused
    except CursorExpired:
        if request.headers.get("X-Partial") == "items":
            return render(request, "discovery/_search_expired.html", context)
        context["expired"] = True
    if request.headers.get("X-Partial") == "items":
        return render(request, "discovery/_results.html", context)
    return render(request, "discovery/search.html", context)


def _tab(request: HttpRequest) -> str:
    """All, for whatever there is not."""
    wanted = request.GET.get("type", ALL)
    return wanted if wanted in TAB_LABELS else ALL


def _tabs(desk: Desk) -> list[tuple[Desk, Promise]]:
    return [(replace(desk, tab=tab), label) for tab, label in TAB_LABELS.items()]


def _found(request: HttpRequest, desk: Desk, query: Query) -> dict[str, Any]:
    viewer, text = request.user, request.GET.get("cursor")
    place = Place.decode(text, scope=scope_of(query, kind=desk.kind, viewer=viewer)) if text else None
    page = search_page(query, kind=desk.kind, viewer=viewer, place=place)
    marks = Marks(query, languages=[get_language() or "en", "en"])
    context: dict[str, Any] = {
        "page": _marked(page, marks),
        "pager_query": f"{desk.query}&",
        "marks": marks,
        "start": place.index if place else 0,
        "query": query,
    }
    if page.mode != WHOLE:
        context["banner"] = {
            "title": _("Search is slow just now."),
            "text": _(
                "We only look for people, tags and groups whose names begin so. The rest is back in a moment."
            ),
        }
    is_found = bool(page.items)
    if desk.tab == ALL and place is None:
        beside = _beside(query, viewer)
        context |= beside
        is_found = is_found or any(page.items for page in beside.values())
    elif not page.items and place is None and page.mode == WHOLE:
        context["others"] = _elsewhere(query, desk, viewer)
    if place is None:
        numbers.count_search(query, kind=desk.kind, viewer=viewer, found=is_found)
    meant = page.meant or (context["people"].meant if "people" in context else "")
    return context | {"is_found": is_found, "meant": replace(desk, text=meant) if meant else None}


def _beside(query: Query, viewer: Any) -> dict[str, FoundPage]:
    return {
        "people": search_page(query, kind=Type.USERS, viewer=viewer, size=FIRST_PEOPLE),
        "hashtags": search_page(query, kind=Type.HASHTAGS, viewer=viewer, size=FIRST_TAGS),
        "groups": search_page(query, kind=Type.GROUPS, viewer=viewer, size=FIRST_GROUPS),
    }


def _elsewhere(query: Query, desk: Desk, viewer: Any) -> list[tuple[Desk, Promise]]:
    """The tabs on which there is something, where this one has nothing."""
    return [
        (other, label)
        for other, label in _tabs(desk)
        if other.tab not in (ALL, desk.tab)
        and search_page(query, kind=other.kind, viewer=viewer, size=1).items
    ]


def _marked(page: FoundPage, marks: Marks) -> FoundPage:
    """Posts with what was looked for marked in their text."""
    items = [_with_marks(item, marks) if isinstance(item, FeedItem) else item for item in page.items]
    return replace(page, items=items)


def _with_marks(item: FeedItem, marks: Marks) -> FeedItem:
    card = item.card
    return replace(item, card={**card, "html": marks.in_html(card["html"])})


@require_POST
def search_click(request: HttpRequest) -> HttpResponse:
    """Which place of which list was opened: counted, and nothing else."""
    kind, rank = request.POST.get("type", ""), request.POST.get("rank", "")
    if kind not in list(Type) or not (_RANK.fullmatch(rank) and 0 < int(rank) <= RANK_MOST):
        raise Malformed
    ratelimit.check("search", request.user.pk or ratelimit.address_of(request))
    numbers.count_click(kind=kind, rank=int(rank))
    return HttpResponse(status=204)
