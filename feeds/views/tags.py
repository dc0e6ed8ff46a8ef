"""The page of a tag, following it, and the tags that one follows."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from feeds import actions, faces, selectors, tag_pages
from feeds.text import tag_name, tag_url
from feeds.views.lists import ITEMS, cursor_of, wants_items
from socialnet.kernel.errors import CursorExpired, NotFound
from socialnet.kernel.pagination import Page
from socialnet.kernel.returning import back_to
from socialnet.outbox.idempotency import idempotent_form

NEW, TOP, PEOPLE = "tag", "tag_top", "tag_people"  # tabs, by their routes


@never_cache
@require_safe
def tag(request: HttpRequest, written: str) -> HttpResponse:
    """Newest first, for everybody. One that nobody uses is an empty page: whether it is known tells nothing."""
    name = _name_of(written)
    if written != name:
        return redirect(tag_url(name))
    page = selectors.tagged_posts(name=name, viewer=request.user, cursor=cursor_of(request))
    if wants_items(request):
        return render(request, ITEMS, {"page": page})
    return _page(request, name, NEW, is_used=bool(page.items), page=page)


@never_cache
@require_safe
def tag_top(request: HttpRequest, written: str) -> HttpResponse:
    """What people react to, and lately; where the list of which this is a later page is not kept, in words."""
    name = _name_of(written)
    if written != name:
        return redirect(TOP, name)
    cursor = tag_pages.top_cursor(request.GET.get("cursor"), name=name)
    try:
        page = tag_pages.top_tagged(name=name, viewer=request.user, cursor=cursor)
    except CursorExpired:
        if wants_items(request):
            return render(request, "feeds/_tag_top_expired.html", {"name": name})
        return _page(request, name, TOP, status=CursorExpired.status, page=Page(items=[]), expired=True)
    words = {"label": _("More posts"), "end": _("That is all that was ranked.")}
    if wants_items(request):
        return render(request, ITEMS, {"page": page, **words})
    return _page(request, name, TOP, is_used=bool(page.items), page=page, **words)


@never_cache
@require_safe
def tag_people(request: HttpRequest, written: str) -> HttpResponse:
    name = _name_of(written)
    if written != name:
        return redirect(PEOPLE, name)
    page = Page(items=tag_pages.writers_with(name=name, viewer=request.user))
    return _page(request, name, PEOPLE, is_used=bool(page.items), page=page)


def _page(
    request: HttpRequest, name: str, tab: str, *, status: int = 200, is_used: bool = False, **facts: Any
) -> HttpResponse:
    card = tag_pages.tag_card(name, viewer=request.user)
    face = faces.of_tag(card.display, path=tag_url(name), is_used=is_used)
    context = {"tag": card, "display": card.display, "tab": tab, "face": face, **facts}
    return face.told(render(request, "feeds/tag.html", context, status=status))


@require_POST
@login_required
@idempotent_form
def tag_follow(request: HttpRequest, written: str) -> HttpResponse:
    actions.follow_tag(person=request.user, name=written)
    return back_to(request, otherwise=tag_url(tag_name(written)))


@require_POST
@login_required
@idempotent_form
def tag_unfollow(request: HttpRequest, written: str) -> HttpResponse:
    name = _name_of(written)
    actions.unfollow_tag(person=request.user, name=name)
    return back_to(request, otherwise=tag_url(name))


@never_cache
@require_safe
@login_required
def followed_tags(request: HttpRequest) -> HttpResponse:
    """The tags that come into one's home, and a way to the page of any other: also of one that nobody has used."""
    wanted = request.GET.get("tag", "").strip()
    if name := tag_name(wanted):
        return redirect(tag_url(name))
    if wanted:
        messages.error(
            request, _("A tag is one word of letters and digits, in any script: no spaces, no signs.")
        )
    own = {"user": request.user, "is_self": True}  # as the tabs above other lists have it
    context = {"tags": tag_pages.followed_tags(request.user), "profile": own}
    return render(request, "feeds/followed_tags.html", context)


def _name_of(written: str) -> str:
    name = tag_name(written)
    if not name:
        raise NotFound
    return name
