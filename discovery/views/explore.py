"""Explore: what is going on beyond the people one follows."""

from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from discovery import selectors
from discovery.people.shown import Suggestion
from discovery.selectors import ExplorePage
from discovery.selectors.explore import FOUND, LAST
from socialnet.kernel.errors import CursorExpired, DatabaseAway

TAGS, PEOPLE = 10, 3


@never_cache
@require_safe
def explore(request: HttpRequest) -> HttpResponse:
    """For visitors, too: then without what depends on the person. Later pages are those of the first."""
    wants_items = request.headers.get("X-Partial") == "items"
    cursor = selectors.explore_cursor(request.GET.get("cursor"), viewer=request.user)
    try:
        page = selectors.explore_page(viewer=request.user, cursor=cursor)
    except CursorExpired:
        if wants_items:
            return render(request, "discovery/_explore_expired.html")
        expired = {"page": ExplorePage(items=[]), "expired": True}
        return render(request, "discovery/explore.html", expired, status=CursorExpired.status)
    except (OperationalError, InterfaceError, DatabaseAway):
        page = ExplorePage(items=[], origin=LAST)
    if wants_items:
        return render(request, "discovery/_explore_items.html", {"page": page})
    context: dict[str, Any] = {"page": page}
    if not cursor:
        context["tags"] = selectors.trending_tags(most=TAGS)
        context["people"] = _people(request)
    if page.origin != FOUND:
        context["banner"] = banner_of(page)
    return render(request, "discovery/explore.html", context)


def _people(request: HttpRequest) -> list[Suggestion]:
    if not request.user.is_authenticated:
        return []
    try:
        return selectors.suggested_people(request.user, count=PEOPLE)
    except (OperationalError, InterfaceError, DatabaseAway):
        return []


def banner_of(page: ExplorePage) -> dict[str, str]:
    """What is missing, in words."""
    title = _("Explore is having a rest.")
    if not page.items:
        return {"title": title, "text": _("We have nothing at hand just now; try again in a moment.")}
    if page.origin == LAST:
        return {"title": title, "text": _("These posts were found for you earlier; newer ones come soon.")}
    return {"title": title, "text": _("This is what many people like; posts chosen for you come soon.")}
