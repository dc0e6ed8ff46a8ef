"""The buttons that put posts first on their author's profile."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from feeds import actions
from feeds.errors import TooManyPins
from feeds.views.edits import visible_post
from socialnet.kernel.returning import back_to


@require_POST
@login_required
def post_pin(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    post = visible_post(request, username, post_id)
    try:
        actions.pin_post(post=post, actor=request.user)
        messages.success(request, _("Pinned to your profile."))
    except TooManyPins as error:  # said where the button stood, so that one can unpin another
        messages.error(request, error.sentence)
    return back_to(request, otherwise=post.get_absolute_url())


@require_POST
@login_required
def post_unpin(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    post = visible_post(request, username, post_id)
    actions.unpin_post(post=post, actor=request.user)
    messages.success(request, _("No longer pinned."))
    return back_to(request, otherwise=post.get_absolute_url())


@require_POST
@login_required
def post_pin_move(request: HttpRequest, username: str, post_id: int, by: int) -> HttpResponse:
    post = visible_post(request, username, post_id)
    actions.move_pin(post=post, actor=request.user, by=by)
    return back_to(request, otherwise=post.get_absolute_url())
