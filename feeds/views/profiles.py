"""What a person wrote: the tabs of a profile."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.selectors import get_user_or_404, profile_of
from feeds import faces, selectors
from feeds.items import FeedItem
from feeds.views.lists import ITEMS, cursor_of, wants_items
from socialnet.kernel.pagination import Page

GALLERY = "feeds/_gallery.html"


@never_cache
@require_safe
def profile(request: HttpRequest, username: str) -> HttpResponse:
    return _tab(request, username, "profile", selectors.profile_posts, items=ITEMS)


@never_cache
@require_safe
def profile_media(request: HttpRequest, username: str) -> HttpResponse:
    return _tab(request, username, "profile_media", selectors.profile_media, items=GALLERY)


def _tab(
    request: HttpRequest, username: str, name: str, read: Callable[..., Page[FeedItem]], *, items: str
) -> HttpResponse:
    """The tab with the route and template `name`; `read` are its pages, drawn by `items`."""
    person = get_user_or_404(username, viewer=request.user)
    here = reverse(name, args=[person.username])
    if username != person.username:
        return redirect(here)
    shown = profile_of(person, viewer=request.user)
    page: Page[FeedItem] = Page(items=[])
    cursor = cursor_of(request)
    if shown.rights.posts:
        page = read(author=person, viewer=request.user, cursor=cursor)
    if wants_items(request):
        return render(request, items, {"page": page})
    face = faces.of_person(shown, path=here)
    facts = {"profile": shown, "page": page, "tab": name, "face": face}
    if name == "profile" and shown.rights.posts and cursor is None:
        facts["pinned"] = selectors.pinned_posts(author=person, viewer=request.user)
    return face.told(render(request, f"accounts/{name}.html", facts))
