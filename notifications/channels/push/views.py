"""Pages: one's browsers that are told, and the script that shows what comes to them."""

from functools import cache

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from notifications.channels.push import actions, selectors
from socialnet.outbox.idempotency import idempotent_form


@require_GET
@login_required
def devices(request: HttpRequest) -> HttpResponse:
    return render(request, "notifications/push.html", {"push": selectors.part_of(request.user)})


@require_POST
@login_required
@idempotent_form
def remove(request: HttpRequest, subscription_id: int) -> HttpResponse:
    actions.remove(person=request.user, subscription_id=subscription_id)
    messages.success(request, _("That device is not told any more."))
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return redirect(wanted if safe else "push_devices")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """At the root, because what it may do ends where its own address does. Browsers ask for it anew each time."""
    return HttpResponse(
        _script(), content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"}
    )


@cache
def _script() -> str:
    return (settings.BASE_DIR / "static/js/service-worker.js").read_text()
