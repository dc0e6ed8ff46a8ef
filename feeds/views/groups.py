"""The page of a group with what is said in it, and what its members and moderators do there."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from feeds import actions, faces, selectors
from feeds.errors import TooManyPins
from feeds.forms import PostForm
from feeds.selectors import GroupPage
from feeds.views.edits import visible_post
from feeds.views.lists import ITEMS, cursor_of, wants_items
from groups.selectors import get_visible_group
from socialnet.kernel.errors import NotFound
from socialnet.kernel.returning import back_to


@never_cache
@require_safe
def group(request: HttpRequest, slug: str) -> HttpResponse:
    """What is pinned first, then the newest; of a private group others see only that it is there."""
    seen = get_visible_group(slug, viewer=request.user)
    cursor = cursor_of(request)
    if wants_items(request):
        more = selectors.group_posts(seen=seen, viewer=request.user, cursor=cursor)
        return render(request, ITEMS, {"page": more})
    page = GroupPage(items=[])
    if seen.can_read:
        page = selectors.group_posts(seen=seen, viewer=request.user, cursor=cursor)
    face = faces.of_group(seen.group)
    context = {
        "face": face,
        "seen": seen,
        "group": seen.group,
        "tab": "group",
        "form": PostForm.within(seen.group) if seen.may_post else None,
        "page": page,
        "pinned": page.pinned,
    }
    return face.told(render(request, "feeds/group.html", context))


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
