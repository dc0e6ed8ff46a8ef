"""Letters to people, written by handlers and never inside a request; and where they go while developing."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage, send_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User

KEPT_LETTERS = 200


def send_confirmation(address: EmailAddress, *, joining: bool) -> None:
    key = EmailConfirmationHMAC.create(address).key
    link = _absolute(reverse("account_confirm_email", args=[key]))
    _send("confirm_email", address.user, address.email, link=link, key=key, joining=joining)


def send_password_reset(person: User) -> None:
    uid, key = user_pk_to_url_str(person), default_token_generator.make_token(person)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
    link = _absolute(path.replace("UID-KEY", f"{uid}-{quote(key)}"))
    _send("reset_password", person, person.email, link=link, uid=uid, key=key)


def send_joined_twice(person: User) -> None:
    link = _absolute(reverse("account_reset_password"))
    _send("joined_twice", person, person.email, link=link)


def send_password_changed(person: User) -> None:
    link = _absolute(reverse("account_reset_password"))
    _send("password_changed", person, person.email, link=link)


def _absolute(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def _send(letter: str, person: User, to: str, **facts: Any) -> None:
    with translation.override(person.language):
        facts = {"person": person, "site": settings.PUBLIC_URL, **facts}
        subject = " ".join(render_to_string(f"accounts/mail/{letter}_subject.txt", facts).split())
        body = render_to_string(f"accounts/mail/{letter}.txt", facts).strip() + "\n"
    send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [to])


class ConsoleAndFolderBackend(BaseEmailBackend):
    """Prints each letter, and keeps the newest in a folder that `/dev/mail` shows while developing."""

    def send_messages(self, email_messages: Any) -> int:
        letters: list[EmailMessage] = list(email_messages)
        for letter in letters:
            self._keep(letter)
            print(f"--- mail to {', '.join(letter.to)}: {letter.subject}\n{letter.body}---", flush=True)
        return len(letters)

    def _keep(self, letter: EmailMessage) -> None:
        box: Path = settings.MAIL_BOX
        box.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{timezone.now():%Y%m%d-%H%M%S-%f}.eml"
        (box / name).write_bytes(letter.message().as_bytes())
        for old in sorted(box.glob("*.eml"))[:-KEPT_LETTERS]:
            old.unlink(missing_ok=True)
