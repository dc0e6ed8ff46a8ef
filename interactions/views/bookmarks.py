"""The HTML door: bookmarks."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from interactions import actions, selectors
from interactions.views.posts import address_of
from socialnet.kernel.pagination import Cursor
from socialnet.kernel.returning import back_to
from socialnet.outbox.idempotency import idempotent_form

ITEMS = "feeds/_items.html"


@never_cache
@require_safe
@login_required
def bookmarks(request: HttpRequest) -> HttpResponse:
    cursor = Cursor.decode(request.GET.get("cursor"))
    page = selectors.bookmarks_of(viewer=request.user, cursor=cursor)
    if request.headers.get("X-Partial") == "items":
        return render(request, ITEMS, {"page": page})
    return render(request, "interactions/bookmarks.html", {"page": page})


@require_POST
@login_required
@idempotent_form
def bookmark(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    url = address_of(request, username, post_id)
    actions.bookmark_post(post_id=post_id, person=request.user)
    messages.success(request, _("Kept. You find it under Bookmarks."))
    return back_to(request, otherwise=url)


@require_POST
@login_required
@idempotent_form
def unbookmark(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    url = address_of(request, username, post_id)
    actions.unbookmark_post(post_id=post_id, person=request.user)
    messages.success(request, _("No longer under your bookmarks."))
    return back_to(request, otherwise=url)
