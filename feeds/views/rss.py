"""Feeds for readers elsewhere: what visitors see, whoever asks."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.selectors import access_to, get_user_or_404, profile_of
from feeds import faces, rss, selectors, tag_pages
from feeds.text import tag_name, tag_url
from socialnet.kernel.errors import NotFound


@require_safe
def profile_rss(request: HttpRequest, username: str) -> HttpResponse:
    """Of an account that is open to all and to who asks; any other is not found."""
    visitor = AnonymousUser()
    person = get_user_or_404(username, viewer=request.user)
    if not access_to(person, visitor).posts or not access_to(person, request.user).posts:
        raise NotFound
    if username != person.username:
        return redirect("profile_rss", person.username)
    page = selectors.profile_posts(author=person, viewer=visitor, size=rss.ITEMS_MOST, with_pinned=True)
    face = faces.of_person(profile_of(person, viewer=visitor), path=reverse("profile", args=[username]))
    return rss.answer(request, page.items, face, language=person.language)


@require_safe
def tag_rss(request: HttpRequest, written: str) -> HttpResponse:
    name = tag_name(written)
    if not name:
        raise NotFound
    if written != name:
        return redirect("tag_rss", name)
    visitor = AnonymousUser()
    page = selectors.tagged_posts(name=name, viewer=visitor, size=rss.ITEMS_MOST)
    display = tag_pages.tag_card(name, viewer=visitor).display
    face = faces.of_tag(display, path=tag_url(name), is_used=bool(page.items))
    return rss.answer(request, page.items, face)
