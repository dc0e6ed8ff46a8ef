"""The page of a group with what is said in it, and what its members and moderators do there."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from feeds import actions, selectors
from feeds.errors import TooManyPins
from feeds.forms import GroupPostForm
from feeds.items import FeedItem
from feeds.views.edits import visible_post
from feeds.views.lists import ITEMS, cursor_of, wants_items
from groups.actions import check_may_post
from groups.selectors import SeenGroup, get_visible_group
from socialnet.kernel import ratelimit
from socialnet.kernel.errors import DomainError, NotFound
from socialnet.kernel.pagination import Page
from socialnet.kernel.returning import back_to
from socialnet.outbox.idempotency import idempotent_form


@never_cache
@require_safe
def group(request: HttpRequest, slug: str) -> HttpResponse:
    """What is pinned first, then the newest; of a private group others see only that it is there."""
    seen = get_visible_group(slug, viewer=request.user)
    cursor = cursor_of(request)
    if wants_items(request):
        page = selectors.group_posts(seen=seen, viewer=request.user, cursor=cursor)
        return render(request, ITEMS, {"page": page})
    return _page(request, seen, GroupPostForm())


def _page(request: HttpRequest, seen: SeenGroup, form: GroupPostForm, *, status: int = 200) -> HttpResponse:
    page: Page[FeedItem] = Page(items=[])
    pinned: list[FeedItem] = []
    if seen.can_read:
        cursor = cursor_of(request)
        page = selectors.group_posts(seen=seen, viewer=request.user, cursor=cursor)
        pinned = selectors.pinned_in_group(seen=seen, viewer=request.user) if cursor is None else []
    context = {
        "seen": seen,
        "group": seen.group,
        "tab": "group",
        "form": form,
        "page": page,
        "pinned": pinned,
    }
    return render(request, "feeds/group.html", context, status=status)


@require_POST
@login_required
@idempotent_form
def group_post(request: HttpRequest, slug: str) -> HttpResponse:
    """Say something in a group; what went wrong comes back with what was typed."""
    seen = get_visible_group(slug, viewer=request.user)
    form = GroupPostForm(request.POST)
    if not form.is_valid():
        return _page(request, seen, form, status=400)
    try:
        check_may_post(seen.group, request.user)
        actions.checked_content(form.cleaned_data["content"], with_media=False)
        ratelimit.check("publish", request.user.pk)
        actions.publish_post(author=request.user, group=seen.group, **form.cleaned_data)
    except DomainError as error:
        for sentence in error.errors.get("content") or [str(error.sentence)]:
            form.add_error("content", sentence)
        return _page(request, seen, form, status=error.status)
    return redirect("group", slug)


@require_POST
@login_required
def group_pin(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    """Put a post first in its group, or among the others again; `pin` is yes or no."""
    post = visible_post(request, username, post_id)
    if post.group is None:
        raise NotFound
    try:
        if request.POST.get("pin") == "no":
            actions.unpin_in_group(post=post, actor=request.user)
            messages.success(request, _("No longer pinned."))
        else:
            actions.pin_in_group(post=post, actor=request.user)
            messages.success(request, _("Pinned to the group."))
    except TooManyPins as error:
        messages.error(request, error.sentence)
    return back_to(request, otherwise=reverse("group", args=[post.group.slug]))
