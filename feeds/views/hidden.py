"""Hiding single posts from oneself, and the list of them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from feeds import actions, selectors
from feeds.models import HIDDEN_MOST
from feeds.views.lists import cursor_of
from feeds.views.posts import visible_item
from socialnet.kernel.returning import back_to
from socialnet.outbox.idempotency import idempotent_form


@require_POST
@login_required
@idempotent_form
def hide(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    item = visible_item(request, username, post_id)
    actions.hide_from_oneself(post_id=post_id, person=request.user)
    messages.success(request, _("You hid this post. You find it in your settings under Filters."))
    return back_to(request, otherwise=item.url)


@require_POST
@login_required
@idempotent_form
def unhide(request: HttpRequest, username: str, post_id: int) -> HttpResponse:
    item = visible_item(request, username, post_id)
    actions.show_to_oneself(post_id=post_id, person=request.user)
    messages.success(request, _("You see this post again."))
    return back_to(request, otherwise=item.url)


@never_cache
@require_safe
@login_required
def settings_hidden(request: HttpRequest) -> HttpResponse:
    page = selectors.hidden_of(viewer=request.user, cursor=cursor_of(request))
    most = number_format(HIDDEN_MOST, force_grouping=True)
    return render(request, "feeds/settings_hidden.html", {"page": page, "most": most})
