"""What a person wrote."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.selectors import get_user_or_404, profile_of
from feeds import selectors
from feeds.items import FeedItem
from feeds.views.lists import ITEMS, cursor_of, wants_items
from socialnet.kernel.pagination import Page


@never_cache
@require_safe
def profile(request: HttpRequest, username: str) -> HttpResponse:
    person = get_user_or_404(username, viewer=request.user)
    if username != person.username:
        return redirect(reverse("profile", args=[person.username]))
    shown = profile_of(person, viewer=request.user)
    page: Page[FeedItem] = Page(items=[])
    cursor = cursor_of(request)
    if shown.rights.posts:
        page = selectors.profile_posts(author=person, viewer=request.user, cursor=cursor)
    if wants_items(request):
        return render(request, ITEMS, {"page": page})
    first = shown.rights.posts and cursor is None
    pinned = selectors.pinned_posts(author=person, viewer=request.user) if first else []
    return render(request, "accounts/profile.html", {"profile": shown, "page": page, "pinned": pinned})
