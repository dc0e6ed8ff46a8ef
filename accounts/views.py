"""The pages' door to people: the same actions and selectors as the API. Profiles are pages of `feeds`."""

from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID

from allauth.account.views import SignupView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions, selectors
from accounts.errors import (
    BadPicture,
    EditConflict,
    EmailInUse,
    InvalidFields,
    PictureTooLarge,
    WrongPassword,
)
from accounts.forms import (
    DeleteAccountForm,
    PrivacyForm,
    ProfileForm,
    TokenForm,
    add_errors,
)
from accounts.models import User
from accounts.selectors import get_user_or_404
from socialnet.kernel import ratelimit
from socialnet.kernel.errors import NotFound
from socialnet.kernel.pagination import MAX_PAGE_SIZE, Cursor
from socialnet.outbox.idempotency import idempotent_form

MUTES = {"day": timedelta(days=1), "week": timedelta(days=7)}


class SignUp(SignupView):
    """allauth's page; what turns out to be taken only when the row is written is said beside its field."""

    def form_valid(self, form: Any) -> HttpResponse:
        ratelimit.check("register", ratelimit.address_of(self.request))
        try:
            response: HttpResponse = super().form_valid(form)
            return response
        except InvalidFields as error:
            renamed = {
                "password1" if name == "password" else name: lines for name, lines in error.errors.items()
            }
            add_errors(form, InvalidFields(**renamed))
        except EmailInUse as error:
            form.add_error("email", str(error.sentence))
        return self.form_invalid(form)


signup = SignUp.as_view()


# --- people -------------------------------------------------------------------------------------------------


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
    return redirect("follow_requests")


@require_POST
@login_required
@idempotent_form
def follow_request_refuse(request: HttpRequest, username: str) -> HttpResponse:
    follower = get_user_or_404(username, viewer=request.user)
    actions.refuse_follow_request(followee=request.user, follower=follower)
    return redirect("follow_requests")


# --- settings -----------------------------------------------------------------------------------------------


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
    messages.success(request, _("Your profile is saved."))
    return redirect("settings_profile")


def _save_profile(request: HttpRequest, form: ProfileForm) -> None:
    data = form.cleaned_data
    if data["avatar"]:
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
    form = PrivacyForm(request.POST or None, initial={"is_private": request.user.is_private})
    if request.method == "POST":
        form = PrivacyForm(request.POST)
        if form.is_valid():
            actions.set_privacy(user=request.user, is_private=form.cleaned_data["is_private"])
            messages.success(request, _("Saved."))
            return redirect("settings_privacy")
    return render(request, "accounts/settings_privacy.html", {"form": form})


@require_GET
@login_required
def settings_account(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/settings_account.html")


@require_http_methods(["GET", "POST"])
@login_required
def account_delete(request: HttpRequest) -> HttpResponse:
    form = DeleteAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ratelimit.check("sign_in", f"password {request.user.pk}")
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


@require_GET
def dev_mail(request: HttpRequest) -> HttpResponse:
    """Letters that were printed instead of sent; only while developing."""
    if not settings.DEBUG:
        raise NotFound
    letters = []
    for path in sorted(settings.MAIL_BOX.glob("*.eml"), reverse=True)[:50]:
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        letters.append(
            {
                "subject": letter["Subject"],
                "to": letter["To"],
                "body": letter.get_content(),
                "sent_at": letter["Date"].datetime,
            }
        )
    return render(request, "dev/mail.html", {"mails": letters})


# --- shared -------------------------------------------------------------------------------------------------


def cursor_of(request: HttpRequest, name: str = "cursor") -> Cursor | None:
    return Cursor.decode(request.GET.get(name))


def back(request: HttpRequest, person: User) -> HttpResponse:
    """To where the form stood, if that is a page of ours; else to the person's profile."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return redirect(wanted)
    return redirect(person)
