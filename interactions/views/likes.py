"""The HTML door: likes."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from feeds.selectors import get_visible_item
from interactions import actions, selectors
from interactions.views.posts import address_of
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import Cursor
from socialnet.kernel.returning import back_to
from socialnet.outbox.idempotency import idempotent_form

ITEMS = "feeds/_items.html"


@never_cache
@require_safe
@login_required
def likes(request: HttpRequest) -> HttpResponse:
    cursor = Cursor.decode(request.GET.get("cursor"))
    page = selectors.likes_of(viewer=request.user, cursor=cursor)
    if request.headers.get("X-Partial") == "items":
        return render(request, ITEMS, {"page": page})
    return render(request, "interactions/likes.html", {"page": page})


@never_cache
@require_safe
def likers(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    item = get_visible_item(post_id, viewer=request.user)
    if item.author.username.lower() != username.lower():
        raise NotFound
    if item.is_share:
        return redirect("likers", item.shown.author.username, item.shown.id)
    cursor = Cursor.decode(request.GET.get("cursor"))
    page = selectors.likers_of(item=item, viewer=request.user, cursor=cursor)
    return render(request, "interactions/likers.html", {"item": item, "page": page})


@require_POST
@login_required
@idempotent_form
def like(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    url = address_of(request, username, post_id)
    actions.like_post(post_id=post_id, person=request.user)
    return back_to(request, otherwise=url)


@require_POST
@login_required
@idempotent_form
def unlike(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    url = address_of(request, username, post_id)
    actions.unlike_post(post_id=post_id, person=request.user)
    return back_to(request, otherwise=url)
