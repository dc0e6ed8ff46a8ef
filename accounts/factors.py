"""Second factors: what allauth is told about them, and the papers that a person is given while setting one up.

Secrets are sealed before they are kept. A ticket stands for "gave their password a moment ago"; it carries what the
next step needs, so that nothing waits on the server for people who do not come back.
"""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.errors import TicketOver, WrongCode
from accounts.models import User

TICKET_SECONDS = 15 * 60
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes alone are none


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": WrongCode.sentence,
        "unverified_email": _("Confirm your e-mail address first: the link is in your mail."),
    }

    def encrypt(self, text: str) -> str:
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _seal().decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user: Any) -> str:
        return str(user.username)

    def _get_user_identifier(self, user: Any) -> str:
        return str(user.username)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Letters about changes are owed by the actions."""


def _seal() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(urlsafe_b64encode(sha256(f"accounts.factors {key!s}".encode()).digest())) for key in keys]
    )


def ticket_for(user: User, **facts: str) -> str:
    """Opens the next step to `user`, for a quarter of an hour."""
    return signing.dumps({"user": user.pk, **facts}, salt="accounts.factors")


def facts_of(ticket: str, *, user: User) -> dict[str, str]:
    """What the ticket carries; raises `TicketOver` for one that is old, damaged or somebody else's."""
    try:
        facts = signing.loads(ticket, salt="accounts.factors", max_age=TICKET_SECONDS)
    except signing.BadSignature as error:
        raise TicketOver from error
    if facts.pop("user", None) != user.pk:
        raise TicketOver
    return dict(facts)


def secret_of(ticket: str, *, user: User) -> str:
    """The secret of an app that is being set up; raises `TicketOver`."""
    secret = facts_of(ticket, user=user).get("secret")
    if not secret:
        raise TicketOver
    return secret


def counter_of(secret: str, code: str) -> int | None:
    """Which of the half minutes around now, by their numbers, an app with this secret shows `code` in."""
    for counter in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            return counter
    return None


def note_given(request: HttpRequest) -> None:
    """From now on this session is one whose owner gave a second factor."""
    record_authentication(request, request.user, "mfa", reauthenticated=True)


def was_given(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)
