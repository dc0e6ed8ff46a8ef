"""The page on which people say what they want to be told, and how."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import InvalidFields
from notifications import actions, preferences, reach
from notifications.channels.push.selectors import part_of
from notifications.forms import WishesForm
from notifications.preferences import Wishes
from socialnet.outbox.idempotency import idempotent_form


@require_http_methods(["GET", "POST"])
@login_required
@idempotent_form
def settings_notifications(request: HttpRequest) -> HttpResponse:
    wishes = preferences.of_person(request.user.pk)
    if request.method == "GET":
        return _page(request, wishes, WishesForm(wishes=wishes))
    form = WishesForm(request.POST, wishes=wishes)
    if not form.is_valid():
        return _page(request, wishes, form, status=400)
    try:
        actions.save_wishes(person=request.user, settings=form.settings, kinds=form.kinds)
    except InvalidFields as error:
        for path, sentences in error.errors.items():
            field = path.removeprefix("kinds.").replace(".", "-")
            form.add_error(field if field in form.fields else None, sentences)
        return _page(request, wishes, form, status=error.status)
    messages.success(request, _("Saved."))
    return redirect("settings_notifications")


@require_POST
@login_required
@idempotent_form
def settings_notifications_reset(request: HttpRequest) -> HttpResponse:
    actions.forget_wishes(person=request.user)
    messages.success(request, _("You are told as anybody is who chose nothing."))
    return redirect("settings_notifications")


def _page(request: HttpRequest, wishes: Wishes, form: WishesForm, *, status: int = 200) -> HttpResponse:
    facts = {
        "form": form,
        "zone": wishes.zone.key,
        "reaches": reach.of(request.user, wishes.settings),
        "mail_came_back": bool(wishes.settings.mail_trouble),
        "push": part_of(request.user),
    }
    return render(request, "notifications/settings.html", facts, status=status)
