"""Pages that belong to no app: status, help, appearance, and the pictures of people while developing."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from socialnet.kernel import health, overload, pages, storage
from socialnet.kernel.rest.exceptions import documented_errors

A_YEAR = 60 * 60 * 24 * 365
PICTURES = "avatars/"  # the only public files; their names cannot be guessed and never change what they show


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    states = health.parts()
    parts = [
        {"name": name, "title": title, "state": states[name], "detail": detail}
        for name, (title, detail) in health.WORDS.items()
    ]
    healthy = all(state == health.UP for state in states.values())
    load = overload.shown()
    context = {
        "ready": healthy and not load["level"],
        "parts": parts,
        "overloaded": bool(load["level"]),
        "why": [overload.WORDS[name] for name in load["why"]],
    }
    return render(request, "status.html", context)


@require_safe
def help_index(request: HttpRequest) -> HttpResponse:
    return render(request, "help/index.html")


@require_safe
def help_errors(request: HttpRequest) -> HttpResponse:
    """What the `type` of a problem+json answer points to."""
    told = [
        {"code": kind.code, "status": kind.status, "sentence": kind.sentence} for kind in documented_errors()
    ]
    return render(request, "help/api_errors.html", {"errors": told})


class AppearanceForm(forms.Form):
    """How the pages look in this browser."""

    theme = forms.ChoiceField(
        label=gettext_lazy("Colours"),
        choices=[
            ("auto", gettext_lazy("As my system")),
            ("light", gettext_lazy("Light")),
            ("dark", gettext_lazy("Dark")),
        ],
    )
    keyboard = forms.ChoiceField(
        label=gettext_lazy("Keyboard shortcuts"),
        choices=[("on", gettext_lazy("On")), ("off", gettext_lazy("Off"))],
        required=False,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def appearance(request: HttpRequest) -> HttpResponse:
    chosen = {"theme": pages.theme_of(request), "keyboard": request.COOKIES.get("keyboard", "on")}
    form = AppearanceForm(request.POST if request.method == "POST" else None, initial=chosen)
    if not form.is_valid():
        code = 400 if form.is_bound else 200
        return render(request, "accounts/settings_appearance.html", {"form": form}, status=code)
    messages.success(request, _("Saved in this browser."))
    response = redirect(_next(request))
    for name, value in form.cleaned_data.items():
        if value:
            response.set_cookie(name, value, max_age=A_YEAR, samesite="Lax", secure=settings.SECURE)
    return response


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "settings_appearance"


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """A picture of a person, where no web server in front serves them."""
    return storage.serve(PICTURES + name, max_age=A_YEAR, public=True)
