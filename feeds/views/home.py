"""Home."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.suggestions import suggested_people
from feeds import selectors
from feeds.candidates import CLOSEST, POPULAR
from feeds.forms import PostForm
from feeds.selectors import HomePage
from feeds.views.lists import ITEMS, cursor_of, wants_items


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "feeds/landing.html", {"items": selectors.newest_public(size=10).items})
    page = selectors.home_page(viewer=request.user, cursor=cursor_of(request))
    if wants_items(request):
        return told(render(request, ITEMS, {"page": page}), page)
    return told(render(request, "feeds/home.html", home_context(request, page)), page)


def home_context(request: HttpRequest, page: HomePage) -> dict[str, object]:
    context: dict[str, object] = {"page": page, "form": PostForm()}
    if page.is_whole:
        return context | {"suggested": suggested_people(request.user)}
    return context | {"banner": banner_of(page), "end": _("The rest of your home is back in a moment.")}


def banner_of(page: HomePage) -> dict[str, str]:
    """What is missing of a home, in words."""
    title = _("Writing is paused.") if page.read_only else _("Your home is not complete just now.")
    if page.tier == POPULAR:
        text = _("This is what many people like. Your own home is back in a moment.")
    elif page.tier == CLOSEST:
        text = _("These are the newest posts of the people you are closest to. The rest is back in a moment.")
    else:
        text = _("You can read what we still have at hand.")
    return {"title": title, "text": text}


def told(response: HttpResponse, page: HomePage) -> HttpResponse:
    """Say in the headers where the feed came from."""
    response["X-Feed-Tier"], response["X-Cache"] = str(page.tier), page.cache
    return response


@never_cache
@require_safe
@login_required
def home_new(request: HttpRequest) -> HttpResponse:
    """The first page of posts alone: what the pill brings in."""
    page = selectors.home_page(viewer=request.user)
    return told(render(request, "feeds/_posts.html", {"page": page}), page)
