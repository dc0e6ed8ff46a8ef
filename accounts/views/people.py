"""Lists of people, and the buttons between two of them. Profiles are pages of `feeds`."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import actions, selectors
from accounts.models import User
from accounts.selectors import get_user_or_404
from accounts.views.lists import cursor_of
from socialnet.kernel import ratelimit
from socialnet.kernel.returning import back_to
from socialnet.outbox.idempotency import idempotent_form

MUTES = {"day": timedelta(days=1), "week": timedelta(days=7)}


@require_GET
def followers(request: HttpRequest, username: str) -> HttpResponse:
    person = get_user_or_404(username, viewer=request.user)
    profile = selectors.profile_of(person, viewer=request.user)
    page = selectors.followers_of(user=person, viewer=request.user, cursor=cursor_of(request))
    return render(request, "accounts/followers.html", {"profile": profile, "page": page})


@require_GET
def following(request: HttpRequest, username: str) -> HttpResponse:
    person = get_user_or_404(username, viewer=request.user)
    profile = selectors.profile_of(person, viewer=request.user)
    page = selectors.following_of(user=person, viewer=request.user, cursor=cursor_of(request))
    return render(request, "accounts/following.html", {"profile": profile, "page": page})


@require_POST
@login_required
@idempotent_form
def follow(request: HttpRequest, username: str) -> HttpResponse:
    followee = get_user_or_404(username, viewer=request.user)
    ratelimit.check("follow", request.user.pk)
    actions.follow_user(follower=request.user, followee=followee)
    return back(request, followee)


@require_POST
@login_required
@idempotent_form
def unfollow(request: HttpRequest, username: str) -> HttpResponse:
    followee = get_user_or_404(username, viewer=request.user)
    actions.unfollow_user(follower=request.user, followee=followee)
    return back(request, followee)


@require_POST
@login_required
@idempotent_form
def bell(request: HttpRequest, username: str) -> HttpResponse:
    """Ring for new posts of somebody one follows or asks to follow, or not any more; `ring` is yes or no."""
    followee = get_user_or_404(username, viewer=request.user)
    actions.set_bell(follower=request.user, followee=followee, notify=request.POST.get("ring") == "yes")
    return back(request, followee)


@require_POST
@login_required
@idempotent_form
def block(request: HttpRequest, username: str) -> HttpResponse:
    blocked = get_user_or_404(username, viewer=request.user)
    actions.block_user(blocker=request.user, blocked=blocked)
    messages.success(request, _("You blocked @%(name)s.") % {"name": blocked.username})
    return back(request, blocked)


@require_POST
@login_required
@idempotent_form
def unblock(request: HttpRequest, username: str) -> HttpResponse:
    blocked = selectors.get_blocked_or_404(username, blocker=request.user)
    actions.unblock_user(blocker=request.user, blocked=blocked)
    messages.success(request, _("@%(name)s is no longer blocked.") % {"name": blocked.username})
    return back(request, blocked)


@require_POST
@login_required
@idempotent_form
def mute(request: HttpRequest, username: str) -> HttpResponse:
    """`for` is day, week or always."""
    muted = get_user_or_404(username, viewer=request.user)
    period = MUTES.get(request.POST.get("for", ""))
    actions.mute_user(muter=request.user, muted=muted, until=period and timezone.now() + period)
    messages.success(request, _("@%(name)s is muted.") % {"name": muted.username})
    return back(request, muted)


@require_POST
@login_required
@idempotent_form
def unmute(request: HttpRequest, username: str) -> HttpResponse:
    muted = get_user_or_404(username, viewer=request.user)
    actions.unmute_user(muter=request.user, muted=muted)
    return back(request, muted)


@require_GET
@login_required
def follow_requests(request: HttpRequest) -> HttpResponse:
    page = selectors.follow_requests_of(user=request.user, cursor=cursor_of(request))
    return render(request, "accounts/follow_requests.html", {"page": page})


@require_POST
@login_required
@idempotent_form
def follow_request_accept(request: HttpRequest, username: str) -> HttpResponse:
    follower = get_user_or_404(username, viewer=request.user)
    actions.accept_follow_request(followee=request.user, follower=follower)
    return back_to(request, otherwise=reverse("follow_requests"))


@require_POST
@login_required
@idempotent_form
def follow_request_refuse(request: HttpRequest, username: str) -> HttpResponse:
    follower = get_user_or_404(username, viewer=request.user)
    actions.refuse_follow_request(followee=request.user, follower=follower)
    return back_to(request, otherwise=reverse("follow_requests"))


def back(request: HttpRequest, person: User) -> HttpResponse:
    """To where the form stood, if that is a page of ours; else to the person's profile."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return redirect(wanted)
    return redirect(person)
