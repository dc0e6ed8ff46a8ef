"""Settings: profile, privacy, account, sessions and tokens, blocks."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions, exporting, hooks, selectors
from accounts.errors import (
    BadPicture,
    BrokenLink,
    EditConflict,
    InvalidFields,
    PictureTooLarge,
    WritingRefused,
    WrongPassword,
)
from accounts.forms import (
    DeleteAccountForm,
    PasswordForm,
    PrivacyForm,
    ProfileForm,
    ReachForm,
    RobotsForm,
    TokenForm,
    add_errors,
)
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
    except (InvalidFields, WritingRefused, BadPicture, PictureTooLarge) as error:
        add_errors(form, error)
        return _profile_page(request, form, status=error.status)
    except Overloaded as error:
        form.add_error("avatar", str(error.sentence))
        return _profile_page(request, form, status=error.status)
    if hooks.held_profile(request.user.pk):
        messages.info(request, _("Saved. Moderators look at some of it before others see it."))
    else:
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
    facts = {"form": form, "held": [*hooks.held_profile(request.user.pk).values()], **more}
    return render(request, "accounts/settings_profile.html", facts, status=status)


@require_http_methods(["GET", "POST"])
@login_required
@idempotent_form
def settings_privacy(request: HttpRequest) -> HttpResponse:
    """Three forms: who may follow, who may mention and find (`about=reach`), and what search engines are asked
    (`about=robots`)."""
    kind = {"robots": RobotsForm, "reach": ReachForm}.get(request.POST.get("about", ""), PrivacyForm)
    if request.method == "POST" and (form := kind(request.POST)).is_valid():
        actions.set_privacy(user=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("settings_privacy")
    person = User.objects.get(pk=request.user.pk)
    names = ("is_private", "may_be_indexed", "may_be_archived", "mentions_from", "found_by")
    now = {name: getattr(person, name) for name in names}
    facts = {
        "form": PrivacyForm(initial=now),
        "reach_form": ReachForm(initial=now),
        "robots_form": RobotsForm(initial=now),
    }
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
            actions.begin_leaving(user=request.user, password=form.cleaned_data["password"])
        except WrongPassword as error:
            add_errors(form, error)
        else:
            logout(request)
            return redirect("account_left")
    facts = {"form": form, "days": settings.GRACE_DAYS}
    return render(request, "accounts/account_delete.html", facts, status=400 if form.errors else 200)


@require_GET
def account_left(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/account_left.html", {"days": settings.GRACE_DAYS})


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def settings_export(request: HttpRequest) -> HttpResponse:
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        count_password(request.user.pk)
        overload.check()
        try:
            actions.ask_export(user=request.user, password=form.cleaned_data["password"])
        except WrongPassword as error:
            add_errors(form, error)
        else:
            messages.success(request, _("We write to you when it is ready."))
            return redirect("settings_export")
    export = selectors.export_of(request.user)
    late = (
        export is not None and export.asked_at < timezone.now() - actions.STILL_WANTED
    )  # may be asked for anew
    facts = {"form": form, "export": export, "late": late, "days": settings.EXPORT_DAYS}
    return render(request, "accounts/settings_export.html", facts, status=400 if form.errors else 200)


@never_cache
@require_GET
@login_required
def export_download(request: HttpRequest) -> HttpResponseBase:
    return exporting.download(request.user)


@never_cache
@require_http_methods(["GET", "POST"])
def email_change(request: HttpRequest, key: str) -> HttpResponse:
    """For who reads the old address, signed in or not; the key is what only they were sent."""
    try:
        change = actions.change_of_key(key)
        if request.method == "GET":
            return render(request, "accounts/email_change_old.html", {"change": change, "key": key})
        if request.POST.get("answer") == "agree":
            stands = actions.agree_to_change(key=key)
            return render(request, "accounts/email_change_old.html", {"agreed": True, "stands": stands})
        actions.stop_change(key=key)
        return render(request, "accounts/email_change_old.html", {"stopped": True})
    except BrokenLink as error:
        return render(request, "accounts/email_change_old.html", {"broken": True}, status=error.status)


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
@idempotent_form
def sessions_end(request: HttpRequest) -> HttpResponse:
    """All but this one."""
    ended = actions.end_other_sessions(user=request.user, keep=request.session.session_key)
    said = ngettext("%(n)d other browser is signed out.", "%(n)d other browsers are signed out.", ended)
    messages.success(request, said % {"n": ended})
    return redirect("settings_sessions")


@require_POST
@login_required
def token_create(request: HttpRequest) -> HttpResponse:
    """Shows the secret in the answer itself: it is kept nowhere, not even for a repeat of the form."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _sessions_page(request, form, status=400)
    try:
        count_password(request.user.pk)
        made = actions.make_token_by_password(user=request.user, **form.cleaned_data)
    except (InvalidFields, WrongPassword) as error:
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
