"""Home."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import hooks
from feeds import actions, markers, selectors, top
from feeds.candidates import CLOSEST, POPULAR
from feeds.errors import ImpossibleMarker
from feeds.markers import Place
from feeds.selectors import FeedPage, HomePage
from feeds.top import LATEST, TOP, TopPage
from feeds.views.lists import ITEMS, cursor_of, wants_items
from socialnet.kernel.errors import CursorExpired, InvalidCursor
from socialnet.outbox.ids import MAX_ID


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "feeds/landing.html", {"items": selectors.newest_public(size=10).items})
    if request.GET.get("mode") == TOP:
        return _top(request)
    page = selectors.home_page(viewer=request.user, cursor=cursor_of(request))
    if wants_items(request):
        return told(render(request, ITEMS, {"page": page, "place": place_on(request, page)}), page)
    context = home_context(request, page) | {
        "place": place_on(request, page),
        "is_older": bool(cursor_of(request)),
    }
    return told(render(request, "feeds/home.html", context), page)


def home_context(request: HttpRequest, page: FeedPage) -> dict[str, object]:
    context: dict[str, object] = {"page": page}
    if page.is_whole:
        return context | {"suggested": hooks.suggested_people(request.user)}
    return context | {"banner": banner_of(page), "end": _("The rest of your home is back in a moment.")}


def banner_of(page: FeedPage) -> dict[str, str]:
    """What is missing of a home, in words."""
    title = _("Writing is paused.") if page.read_only else _("Your home is not complete just now.")
    if page.tier == POPULAR:
        text = _("This is what many people like. Your own home is back in a moment.")
    elif page.tier == CLOSEST:
        text = _("These are the newest posts of the people you are closest to. The rest is back in a moment.")
    else:
        text = _("You can read what we still have at hand.")
    return {"title": title, "text": text}


def place_on(request: HttpRequest, page: HomePage) -> Place | None:
    """How far its reader had come; on older pages only where a link brought it along, and in no other list."""
    if page.tier == POPULAR or page.is_beginning:
        return None
    if cursor_of(request) is None:
        marker = markers.last_read(request.user.pk, is_paused=not page.is_judged)
        return Place.of(page.items, marker=marker, has_more=page.has_more)
    since = request.GET.get("since")
    if since is None:
        return None
    post_id = number_of(since)
    if post_id is None:
        raise InvalidCursor
    return Place.further_down(page.items, since=post_id)


def number_of(text: str) -> int | None:
    """The id in `text`; None if it cannot be one."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 16
    return int(text) if is_number and 0 < int(text) <= MAX_ID else None


def _top(request: HttpRequest) -> HttpResponse:
    """The same, ranked; where it cannot be, or the list of which this is a later page is not kept, in words."""
    cursor = top.cursor_in(request.GET.get("cursor"), viewer=request.user)
    try:
        page = top.top_page(viewer=request.user, cursor=cursor)
    except CursorExpired:
        return _expired(request)
    if wants_items(request):
        return told(render(request, "feeds/_top_items.html", {"page": page}), page)
    context = {**home_context(request, page), "mode": TOP}
    if page.mode == LATEST and page.is_whole:
        title, text = (
            _("Top is having a rest."),
            _("Here are the newest posts; try Top again in a little while."),
        )
        context["banner"] = {"title": title, "text": text}
    return told(render(request, "feeds/home.html", context), page)


def _expired(request: HttpRequest) -> HttpResponse:
    """Endless scroll puts the sentence where the posts would be: to it this is an answer like others."""
    if wants_items(request):
        return render(request, "feeds/_top_expired.html")
    context = {"page": TopPage(items=[]), "mode": TOP, "expired": True}
    return render(request, "feeds/home.html", context, status=CursorExpired.status)


def told(response: HttpResponse, page: FeedPage) -> HttpResponse:
    """Say in the headers where the feed came from, and in which order it is."""
    response["X-Feed-Tier"], response["X-Cache"] = str(page.tier), page.cache
    response["X-Feed-Mode"] = page.mode
    return response


@never_cache
@require_safe
@login_required
def home_new(request: HttpRequest) -> HttpResponse:
    """The first page of posts alone: what the pill brings in."""
    page = selectors.home_page(viewer=request.user)
    return told(render(request, "feeds/_posts.html", {"page": page}), page)


@require_POST
@login_required
def home_read(request: HttpRequest) -> HttpResponse:
    """What scripts do by themselves, as a button: the newest post of the page was seen."""
    post_id = number_of(request.POST.get("post_id", ""))
    if post_id is None:
        raise ImpossibleMarker
    actions.move_marker(person=request.user, post_id=post_id)
    return redirect("home")
