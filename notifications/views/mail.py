"""The pages behind links in letters: they work without signing in, for who has the letter has the link."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from notifications.channels.mail import bounces, switches, tokens
from notifications.channels.mail.tokens import ALL, DIGEST, Switch
from notifications.registry import KINDS
from socialnet.kernel.errors import NotFound

PAGE = "notifications/mail/unsubscribe.html"


@csrf_exempt  # programs of mailboxes post here for their person (RFC 8058); the address itself is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Asks; a POST does it at once."""
    switch = tokens.read_switch(token)
    person = switches.person_of(switch)
    words = _words(switch) if switch else []
    if switch is None or person is None or not (words or ALL in switch.what):
        raise NotFound
    facts: dict[str, Any] = {"person": person, "what": words}
    if request.method == "POST":
        facts["done"] = switches.switch_off(person, switch)
    return render(request, PAGE, facts)


@csrf_exempt
@require_POST
def resubscribe(request: HttpRequest) -> HttpResponse:
    """The way back from what a link switched off."""
    done = switches.read_undo(request.POST.get("undo", ""))
    person = switches.person_of(done)
    if done is None or person is None:
        raise NotFound
    switches.switch_on(person, done)
    return render(request, PAGE, {"person": person, "is_back": True})


@require_POST
@login_required
def mail_again(request: HttpRequest) -> HttpResponse:
    """Who says that their address works gets letters again."""
    bounces.forget({request.user.pk})
    messages.success(request, _("Letters go to your address again."))
    return redirect("/settings/notifications")


def _words(switch: Switch) -> list[str]:
    """What a link switches off, in words; nothing for all of it."""
    if ALL in switch.what:
        return []
    if DIGEST in switch.what:
        return [_("Summaries by mail")]
    return [str(KINDS[kind].label) for kind in switch.what if kind in KINDS and not KINDS[kind].urgent]
