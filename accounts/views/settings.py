"""Settings: profile, privacy, account, sessions and tokens, blocks."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions, selectors
from accounts.errors import BadPicture, EditConflict, InvalidFields, PictureTooLarge, WrongPassword
from accounts.forms import DeleteAccountForm, PrivacyForm, ProfileForm, RobotsForm, TokenForm, add_errors
from accounts.guessing import count_password
from accounts.models import User
from accounts.views.lists import cursor_of
from socialnet.kernel import overload, ratelimit
from socialnet.kernel.overload import Overloaded
from socialnet.kernel.pagination import MAX_PAGE_SIZE
from socialnet.outbox.idempotency import idempotent_form


@require_http_methods(["GET", "POST"])
@login_required
@idempotent_form
def settings_profile(request: HttpRequest) -> HttpResponse:
    person = User.objects.get(pk=request.user.pk)
    if request.method == "GET":
        return _profile_page(request, ProfileForm(person=person))
    form = ProfileForm(request.POST, request.FILES, person=person)
    if not form.is_valid():
        return _profile_page(request, form, status=400)
    try:
        _save_profile(request, form)
    except EditConflict as error:
        current = error.current
        conflict = form.differences(current)
        form.data = {
            **request.POST.dict(),
            "version": current.version,
        }  # saving again replaces what stands now
        return _profile_page(request, form, status=409, conflict=conflict)
    except (InvalidFields, BadPicture, PictureTooLarge) as error:
        add_errors(form, error)
        return _profile_page(request, form, status=error.status)
    except Overloaded as error:
        form.add_error("avatar", str(error.sentence))
        return _profile_page(request, form, status=error.status)
    messages.success(request, _("Your profile is saved."))
    return redirect("settings_profile")


def _save_profile(request: HttpRequest, form: ProfileForm) -> None:
    data = form.cleaned_data
    if data["avatar"]:
        overload.check()
        ratelimit.check("upload", request.user.pk)
    actions.edit_profile(
        user=request.user,
        version=data["version"],
        avatar=data["avatar"],
        without_avatar=bool(data.get("without_avatar")),
        **form.texts,
    )


def _profile_page(request: HttpRequest, form: ProfileForm, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "accounts/settings_profile.html", {"form": form, **more}, status=status)


@require_http_methods(["GET", "POST"])
@login_required
@idempotent_form
def settings_privacy(request: HttpRequest) -> HttpResponse:
    """Two forms: who may follow, and what search engines are asked (`about=robots`)."""
    kind = RobotsForm if request.POST.get("about") == "robots" else PrivacyForm
    if request.method == "POST" and (form := kind(request.POST)).is_valid():
        actions.set_privacy(user=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("settings_privacy")
    person = User.objects.get(pk=request.user.pk)
    now = {name: getattr(person, name) for name in ("is_private", "may_be_indexed", "may_be_archived")}
    facts = {"form": PrivacyForm(initial=now), "robots_form": RobotsForm(initial=now)}
    return render(request, "accounts/settings_privacy.html", facts)


@require_GET
@login_required
def settings_account(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/settings_account.html")


@require_http_methods(["GET", "POST"])
@login_required
def account_delete(request: HttpRequest) -> HttpResponse:
    form = DeleteAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        count_password(request.user.pk)
        try:
            actions.delete_person(user=request.user, password=form.cleaned_data["password"])
        except WrongPassword as error:
            add_errors(form, error)
        else:
            logout(request)
            return redirect("home")
    return render(request, "accounts/account_delete.html", {"form": form})


@require_GET
@login_required
def settings_sessions(request: HttpRequest) -> HttpResponse:
    return _sessions_page(request, TokenForm())


@require_POST
@login_required
@idempotent_form
def session_revoke(request: HttpRequest, session_id: UUID) -> HttpResponse:
    actions.revoke_session(user=request.user, public_id=str(session_id))
    return redirect("settings_sessions")


@require_POST
@login_required
def token_create(request: HttpRequest) -> HttpResponse:
    """Shows the secret in the answer itself: it is kept nowhere, not even for a repeat of the form."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _sessions_page(request, form, status=400)
    try:
        made = actions.make_token(user=request.user, **form.cleaned_data)
    except InvalidFields as error:
        add_errors(form, error)
        return _sessions_page(request, form, status=400)
    response = _sessions_page(request, TokenForm(), new_token=made.secret)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@login_required
@idempotent_form
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    actions.revoke_token(user=request.user, token_id=token_id)
    return redirect("settings_sessions")


def _sessions_page(request: HttpRequest, form: TokenForm, *, status: int = 200, **more: Any) -> HttpResponse:
    facts = {
        "sessions": selectors.sessions_of(request.user, current=request.session.session_key),
        "tokens": selectors.tokens_of(request.user),
        "form": form,
        **more,
    }
    return render(request, "accounts/settings_sessions.html", facts, status=status)


@require_GET
@login_required
def settings_blocks(request: HttpRequest) -> HttpResponse:
    """Blocks and mutes, each with its own cursor."""
    facts = {
        "blocks": selectors.blocks_of(
            user=request.user, cursor=cursor_of(request, "blocks"), size=MAX_PAGE_SIZE
        ),
        "mutes": selectors.mutes_of(
            user=request.user, cursor=cursor_of(request, "mutes"), size=MAX_PAGE_SIZE
        ),
    }
    return render(request, "accounts/settings_blocks.html", facts)
