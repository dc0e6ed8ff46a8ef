"""Forms of the pages: they parse and keep what was typed; what may be kept is decided by the actions."""

import zoneinfo
from typing import Any

from allauth.account import forms as base
from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from allauth.mfa.base import forms as factor_base
from allauth.mfa.webauthn import forms as passkey_base
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.actions import use_code
from accounts.errors import EmailInUse, InvalidFields
from accounts.guessing import count_code, count_sign_in
from accounts.models import ApiToken, FoundBy, MentionsFrom, User
from accounts.models.people import BIO_MAX, DISPLAY_NAME_MAX, LOCATION_MAX, WEBSITE_MAX
from accounts.profiles import clean_fields
from socialnet.kernel.errors import DomainError, RateLimited
from socialnet.kernel.pictures import ACCEPT

TOO_MANY = _("Too many attempts. Wait a quarter of an hour, or ask for a new password.")


def add_errors(form: forms.BaseForm, error: DomainError) -> None:
    """Put the sentences of `error` beside their fields, or above the form."""
    for field, sentences in (error.errors or {"": [str(error.sentence)]}).items():
        for sentence in sentences:
            form.add_error(field if field in form.fields else None, sentence)


class Plain:
    """A form of allauth in our words, without placeholders that say the label once more."""

    fields: dict[str, forms.Field]
    LABELS = {
        "email": _("E-mail address"),
        "oldpassword": _("Present password"),
        "password1": _("New password"),
        "password2": _("New password, once more"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.LABELS.get(name, field.label)


class LoginForm(Plain, base.LoginForm):
    """Counts each attempt before the password is looked at; `refused` says that this was one too many."""

    refused: RateLimited | None = None

    def clean(self) -> Any:
        if not self.errors:
            try:
                count_sign_in(self.request, self.cleaned_data["login"])
            except RateLimited as error:
                self.refused = error
                raise forms.ValidationError(TOO_MANY) from error
        return super().clean()


class ChangePasswordForm(Plain, base.ChangePasswordForm):
    pass


class ResetPasswordForm(Plain, base.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(Plain, base.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(Plain, base.ReauthenticateForm):
    pass


class CountedCode:
    """Counts each try at a second factor before it is looked at."""

    user: Any

    def full_clean(self) -> None:
        if self.is_bound:  # type: ignore[attr-defined]
            count_code(self.user.pk)
        super().full_clean()  # type: ignore[misc]


class SignupForm(Plain, base.SignupForm):
    """allauth's, with a name to show, and `register_person` behind it."""

    LABELS = {"email": _("E-mail address")}

    display_name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=DISPLAY_NAME_MAX,
        help_text=_("As others see you. It can be changed later."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ["display_name", "username", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = _(
            "3 to 30 letters (a–z), digits and underscores. It never changes."
        )
        self.fields["username"].widget.attrs |= {
            "autocapitalize": "none",
            "spellcheck": "false",
            "pattern": "[A-Za-z0-9_]{3,30}",
        }
        self.fields["email"].widget.attrs["autocomplete"] = "email"

    def clean_display_name(self) -> str:
        name = self.cleaned_data["display_name"]
        if name:
            try:
                name = clean_fields({"display_name": name})["display_name"]
            except InvalidFields as error:
                raise forms.ValidationError(error.errors["display_name"]) from error
        return str(name)

    def save(self, request: HttpRequest) -> User:
        return get_adapter(request).save_user(request, None, self)

    def try_save(self, request: HttpRequest) -> Any:
        """As allauth's; an address that was taken a moment ago is answered like one taken long ago."""
        if self.account_already_exists:  # type: ignore[has-type]
            make_password(self.cleaned_data["password1"])  # as much work as joining
        try:
            return super().try_save(request)
        except EmailInUse:
            if settings.EMAIL_VERIFICATION != "mandatory":
                raise
            self.account_already_exists = True
            return super().try_save(request)


class ProfileForm(forms.Form):
    avatar = forms.FileField(
        label=_("Picture"),
        required=False,
        help_text=_("JPEG, PNG, WebP, GIF, AVIF or HEIC, at most 10 MB. It is cut square."),
        widget=forms.FileInput(
            attrs={
                "accept": ACCEPT,
                "data-most": settings.AVATAR_MAX_BYTES,
                "data-too-large": _("This picture is too large: 10 MB at most, please."),
            }
        ),
    )
    without_avatar = forms.BooleanField(label=_("Remove the picture"), required=False)
    display_name = forms.CharField(label=_("Name"), max_length=DISPLAY_NAME_MAX)
    bio = forms.CharField(
        label=_("About you"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": BIO_MAX, "dir": "auto"}),
    )
    website = forms.CharField(
        label=_("Website"),
        required=False,
        max_length=WEBSITE_MAX,
        widget=forms.TextInput(attrs={"inputmode": "url"}),
    )
    location = forms.CharField(label=_("Place"), required=False, max_length=LOCATION_MAX)
    time_zone = forms.ChoiceField(label=_("Time zone"))
    version = forms.IntegerField(widget=forms.HiddenInput)

    TEXTS = ("display_name", "bio", "website", "location", "time_zone")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {name: getattr(person, name) for name in (*self.TEXTS, "version")})
        super().__init__(*args, **kwargs)
        zones = sorted({*zoneinfo.available_timezones(), person.time_zone})
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]
        if not person.avatar:
            del self.fields["without_avatar"]

    @property
    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.TEXTS}

    def differences(self, current: User) -> list[dict[str, Any]]:
        """What stands now beside what was typed, where they differ."""
        return [
            {
                "label": self.fields[name].label,
                "theirs": getattr(current, name),
                "mine": self.cleaned_data[name],
            }
            for name in self.TEXTS
            if getattr(current, name) != self.cleaned_data[name]
        ]


class PrivacyForm(forms.Form):
    is_private = forms.BooleanField(
        label=_("Private account"),
        required=False,
        help_text=_(
            "You are asked before somebody follows you. Opening the account lets in everybody who waits."
        ),
    )


class RobotsForm(forms.Form):
    """Both boxes ticked unless somebody chose otherwise."""

    may_be_indexed = forms.BooleanField(
        label=_("Search engines may list my profile and posts"),
        required=False,
        help_text=_("Only what everybody may read. It can take them weeks to forget what they listed."),
    )
    may_be_archived = forms.BooleanField(
        label=_("They may keep copies and show longer excerpts"), required=False
    )


class ReachForm(forms.Form):
    mentions_from = forms.ChoiceField(
        label=_("Who may mention me"),
        choices=MentionsFrom.choices,
        widget=forms.RadioSelect,
        help_text=_("Others can still write your name; it leads nowhere, and you do not hear of it."),
    )
    found_by = forms.ChoiceField(
        label=_("Who may find me"),
        choices=FoundBy.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "In search, among suggestions and on Explore. Whoever knows the address of your profile can open it."
        ),
    )


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What is it for?"), max_length=100)
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=ApiToken.Scope.choices[:2],
        widget=forms.CheckboxSelectMultiple,
        initial=["read"],
    )
    password = forms.CharField(
        label=_("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class DeleteAccountForm(forms.Form):
    password = forms.CharField(
        label=_("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Your password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class AddressForm(PasswordForm):
    email = forms.CharField(
        label=_("New address"),
        max_length=400,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr"}),
    )
    field_order = ["email", "password"]


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("Of your app, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        ),
    )


class ProofForm(PasswordForm, CodeForm):
    field_order = ["password", "code"]


class AppForm(CodeForm):
    ticket = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("The six digits that the app shows now.")


class PasskeyForm(forms.Form):
    name = forms.CharField(
        label=_("A name for it"), max_length=60, required=False, help_text=_("Like: my phone.")
    )
    ticket = forms.CharField(widget=forms.HiddenInput)
    credential = forms.JSONField(widget=forms.HiddenInput)


class AuthenticateForm(CountedCode, factor_base.AuthenticateForm):
    """The second step of signing in, with a code; ours remembers longer than allauth's that it was used."""

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        self.authenticator = use_code(user=self.user, code=code)
        if self.authenticator is None:
            raise get_factor_adapter().validation_error("incorrect_code")
        return code


class AuthenticatePasskeyForm(CountedCode, passkey_base.AuthenticateWebAuthnForm):
    """The second step of signing in, with a passkey."""
