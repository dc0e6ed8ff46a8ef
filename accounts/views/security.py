"""Settings, Security: second factors. What turns one on asks for the password, what turns one off for both."""

import base64
import json
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions, factors, selectors
from accounts.errors import InvalidFields, TicketOver, WrongCode, WrongPassword
from accounts.forms import AppForm, CodeForm, PasskeyForm, PasswordForm, ProofForm, add_errors
from accounts.guessing import count_code, counts_passwords


@never_cache
@require_GET
@login_required
def settings_security(request: HttpRequest) -> HttpResponse:
    facts = {"factors": selectors.factors_of(request.user), "form": PasswordForm()}
    return render(request, "accounts/settings_security.html", facts)


# --- an app that shows codes --------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@counts_passwords
def factor_app(request: HttpRequest) -> HttpResponse:
    """The password, and a code of the factor that is there; then the picture that the app reads."""
    form = _adding_form(request)
    if request.method == "POST" and form.is_valid():
        try:
            begun = actions.begin_app(user=request.user, **form.cleaned_data)
        except (WrongPassword, WrongCode, InvalidFields) as error:
            add_errors(form, error)
        else:
            return _app_page(request, begun, AppForm(initial={"ticket": begun.ticket}))
    return _proof_page(request, form, title=_("An app that shows codes"), button=_("Go on"))


@never_cache
@require_POST
@login_required
def factor_app_confirm(request: HttpRequest) -> HttpResponse:
    form = AppForm(request.POST)
    begun = actions.begun_app(user=request.user, ticket=request.POST.get("ticket", ""))
    if not form.is_valid():
        return _app_page(request, begun, form, status=400)
    try:
        count_code(request.user.pk)
        codes = actions.confirm_app(user=request.user, keep=request.session.session_key, **form.cleaned_data)
    except WrongCode as error:
        add_errors(form, error)
        return _app_page(request, begun, form, status=400)
    return _added(request, codes, word=_("Your app is set up."))


def _adding_form(request: HttpRequest) -> Any:
    kind = ProofForm if selectors.has_second_factor(request.user.pk) else PasswordForm
    return kind(request.POST or None)


def _added(request: HttpRequest, codes: list[str], *, word: str) -> HttpResponse:
    """Recovery codes are shown when they are made: with the first factor."""
    factors.note_given(request)
    if codes:
        return _codes_page(request, codes, word=word)
    messages.success(request, word)
    return redirect("settings_security")


def _app_page(
    request: HttpRequest, begun: actions.BegunApp, form: AppForm, *, status: int = 200
) -> HttpResponse:
    picture = base64.b64encode(get_adapter().build_totp_svg(begun.url).encode()).decode()
    facts = {"begun": begun, "form": form, "picture": f"data:image/svg+xml;base64,{picture}"}
    return render(request, "accounts/factor_app.html", facts, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@counts_passwords
def factor_app_remove(request: HttpRequest) -> HttpResponse:
    form = ProofForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.remove_app(user=request.user, **form.cleaned_data)
        except (WrongPassword, WrongCode) as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The app is removed."))
            return redirect("settings_security")
    return _proof_page(request, form, title=_("Remove the app"), button=_("Remove"), danger=True)


# --- recovery codes -----------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@counts_passwords
def factor_codes(request: HttpRequest) -> HttpResponse:
    form = ProofForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = actions.renew_recovery_codes(user=request.user, **form.cleaned_data)
        except (WrongPassword, WrongCode) as error:
            add_errors(form, error)
        else:
            return _codes_page(request, codes, word=_("The old codes open nothing any more."))
    return _proof_page(request, form, title=_("New recovery codes"), button=_("Make new codes"))


def _codes_page(request: HttpRequest, codes: list[str], *, word: str) -> HttpResponse:
    return render(request, "accounts/factor_codes.html", {"codes": codes, "word": word})


# --- passkeys -----------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@counts_passwords
def passkey_add(request: HttpRequest) -> HttpResponse:
    """The password, and a code of the factor that is there; then the browser's own dialogue."""
    form = _adding_form(request)
    if request.method == "POST" and form.is_valid():
        try:
            ticket = actions.begin_passkey(user=request.user, **form.cleaned_data)
        except (WrongPassword, WrongCode, InvalidFields) as error:
            add_errors(form, error)
        else:
            return _passkey_page(request, PasskeyForm(initial={"ticket": ticket}))
    return _proof_page(request, form, title=_("A passkey"), button=_("Go on"), needs_script=True)


@never_cache
@require_POST
@login_required
def passkey_keep(request: HttpRequest) -> HttpResponse:
    form = PasskeyForm(request.POST)
    if not form.is_valid():
        return _passkey_page(request, form, status=400)
    data = form.cleaned_data
    try:
        webauthn.parse_registration_response(data["credential"])
        webauthn.complete_registration(data["credential"])
        codes = actions.add_passkey(user=request.user, keep=request.session.session_key, **data)
    except TicketOver:
        raise
    except (ValidationError, InvalidFields, ValueError, KeyError, TypeError):
        form.add_error(None, _("That did not work. Please try once more."))
        return _passkey_page(request, form, status=400)
    return _added(request, codes, word=_("Your passkey is set up."))


def _passkey_page(request: HttpRequest, form: PasskeyForm, *, status: int = 200) -> HttpResponse:
    """Every look at it asks for something else to be signed."""
    options = json.loads(json.dumps(webauthn.begin_registration(request.user, True), default=dict))
    facts = {"form": form, "options": options}
    return render(request, "accounts/factor_passkey.html", facts, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@counts_passwords
def passkey_remove(request: HttpRequest, passkey_id: int) -> HttpResponse:
    form = ProofForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.remove_passkey(user=request.user, passkey_id=passkey_id, **form.cleaned_data)
        except (WrongPassword, WrongCode) as error:
            add_errors(form, error)
        else:
            messages.success(request, _("The passkey is removed."))
            return redirect("settings_security")
    return _proof_page(request, form, title=_("Remove the passkey"), button=_("Remove"), danger=True)


# --- once more, before the admin ----------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def factor_confirm(request: HttpRequest) -> HttpResponse:
    """For a session that began before there was a second factor."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            count_code(request.user.pk)
            actions.check_code(user=request.user, code=form.cleaned_data["code"])
        except WrongCode as error:
            add_errors(form, error)
        else:
            factors.note_given(request)
            return redirect(_next(request))
    return _proof_page(request, form, title=_("Your second factor, please"), button=_("Go on"), ends=False)


def _next(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("settings_security")


def _proof_page(request: HttpRequest, form: Any, **facts: Any) -> HttpResponse:
    status = 400 if form.is_bound else 200
    return render(request, "accounts/factor_proof.html", {"form": form, "ends": True, **facts}, status=status)
