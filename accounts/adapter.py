"""What allauth's pages do here: they call our actions, look names up by our indexes, and send no mail themselves."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import actions, devices, hooks
from accounts.errors import AccountSuspended, BrokenLink, EmailInUse, WrongCredentials, WrongPassword
from accounts.models import User
from accounts.profiles import clean_email, clean_username
from accounts.selectors import has_second_factor
from socialnet.kernel.errors import Invalid
from socialnet.kernel.ratelimit import address_of


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": WrongCredentials.sentence,
        "email_taken": EmailInUse.sentence,
        "enter_current_password": WrongPassword.sentence,
        "incorrect_password": WrongPassword.sentence,
        "username_password_mismatch": WrongCredentials.sentence,
        "username_taken": _("This username is taken."),
    }

    def clean_username(self, username: str, shallow: bool = False) -> str:
        try:
            name = clean_username(username)
        except Invalid as error:
            raise ValidationError(str(error.sentence)) from error
        if not shallow and User.objects.named(name).exists():
            raise self.validation_error("username_taken")
        return name

    def clean_email(self, email: str) -> str:
        try:
            return clean_email(email)
        except Invalid as error:
            raise ValidationError(str(error.sentence)) from error

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        data = form.cleaned_data
        person = actions.register_person(
            username=data["username"],
            email=data["email"],
            password=data["password1"],
            display_name=data["display_name"],
            language=get_language() or "en",
        )
        if hooks.held_profile(person.pk):
            waits = _(
                "Moderators look at your name before others see it. Until then your username stands for it."
            )
            messages.info(request, waits)
        return person

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        refused: AccountSuspended | None = getattr(request, "suspended_sign_in", None)
        if refused is None:
            return
        if not refused.appeal:
            raise ValidationError(refused.sentence)
        told, link = AccountSuspended.sentence, _("Why, and how to appeal")
        raise ValidationError(format_html('{} <a href="{}">{}</a>', told, refused.appeal, link))

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Only to who has shown who they are: where they read why, and appeal."""
        if appeal := hooks.appeal_page(user.pk):
            return redirect(appeal)
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response

    def pre_login(self, request: HttpRequest, user: User, **hints: Any) -> HttpResponse | None:
        """Who is shut out and has a second factor is told once that is given: in `login`."""
        if user.may_sign_in:
            response: HttpResponse | None = super().pre_login(request, user, **hints)
            return response
        return None if has_second_factor(user.pk) else self.respond_user_inactive(request, user)

    def login(self, request: HttpRequest, user: User) -> None:
        if user.is_leaving:
            actions.come_back(user=user)
            user.refresh_from_db()
        if not user.may_sign_in:  # see pre_login; or suspended in the meantime
            clear_login(request)
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        super().login(request, user)
        browser = devices.browser_of(request)
        request.session["device"] = browser.label
        request.session["address"] = address_of(request)
        actions.note_sign_in(user=user, by="session", device=browser)

    def post_login(self, request: HttpRequest, user: User, **hints: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **hints)
        devices.remember(request, response)
        return response

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return hooks.first_page(request.user, is_new=True) or str(super().get_signup_redirect_url(request))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return hooks.first_page(request.user, is_new=False) or str(super().get_login_redirect_url(request))

    def set_password(self, user: User, password: str) -> None:
        """Ends every other session and every token; the session that asked goes on, if it is this person's."""
        own = str(self.request.session.get(SESSION_KEY)) == str(user.pk)
        actions.set_password(
            user=user, password=password, keep=self.request.session.session_key if own else None
        )

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        try:
            actions.confirm_address(address=email_address)
        except (BrokenLink, EmailInUse):
            return False
        stands = User.objects.filter(pk=email_address.user_id, email__iexact=email_address.email).exists()
        letter = "email_confirmed" if stands else "email_half_confirmed"
        self.add_message(
            request, messages.SUCCESS, f"account/messages/{letter}.txt", {"email": email_address.email}
        )
        return True

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        if not signup:  # joining owes its own letter
            actions.resend_confirmation(user=emailconfirmation.email_address.user)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        actions.ask_password_reset(email=user.email)

    def send_account_already_exists_mail(self, email: str) -> None:
        actions.tell_address_owner(email=email)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Letters about changes are owed by the actions."""
