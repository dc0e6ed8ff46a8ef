"""Passing on what others wrote."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from feeds import actions, selectors
from feeds.views.posts import visible_item
from socialnet.kernel import ratelimit
from socialnet.kernel.returning import back_to
from socialnet.outbox.idempotency import idempotent_form


@require_POST
@login_required
@idempotent_form
def share(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    item = visible_item(request, username, post_id)
    ratelimit.check("publish", request.user.pk)
    post = selectors.get_visible_post(post_id, viewer=request.user)
    actions.share_post(post=post, person=request.user)
    messages.success(request, _("Shared with your followers."))
    return back_to(request, otherwise=item.url)


@require_POST
@login_required
@idempotent_form
def unshare(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    item = visible_item(request, username, post_id)
    post = selectors.get_visible_post(post_id, viewer=request.user)
    actions.unshare_post(post=post, person=request.user)
    messages.success(request, _("Your share is undone."))
    return back_to(request, otherwise=item.shown.url)
