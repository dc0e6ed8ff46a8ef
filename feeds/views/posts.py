"""Reading and deleting one post."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from feeds import actions, faces, hooks, insights, selectors
from feeds.items import FeedItem
from socialnet.kernel.errors import Forbidden, NotFound
from socialnet.outbox.idempotency import idempotent_form


@never_cache
@require_safe
def post(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    item = visible_item(request, username, post_id)
    if request.path != item.url:
        return redirect(item.url, permanent=False)
    insights.note_shown([item], viewer_id=request.user.pk)
    face = faces.of_post(item)
    below = [draw(item, request) for draw in hooks.below_post]
    shown = {"item": item, "face": face, "glimpse": faces.glimpse(item), "below": below}
    return face.told(render(request, "feeds/post.html", shown))


def visible_item(request: HttpRequest, username: str, post_id: int) -> FeedItem:
    item = selectors.get_visible_item(post_id, viewer=request.user)
    if item.author.username.lower() != username.lower():
        raise NotFound
    return item


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@idempotent_form
def post_delete(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    item = visible_item(request, username, post_id)
    if not item.is_mine:
        raise Forbidden
    if request.method != "POST":
        return render(request, "feeds/post_delete.html", {"item": item})
    actions.delete_post(post=selectors.get_visible_post(post_id, viewer=request.user), actor=request.user)
    messages.success(request, _("Your post is gone."))
    return redirect("home")
