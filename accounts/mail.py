"""Letters to people, written by handlers and never inside a request; and where they go while developing."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from typing import Any
from urllib.parse import quote

import structlog
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import EmailChange, User
from socialnet.kernel import neighbours
from socialnet.kernel.breaker import CLOSED, Breaker, Refused
from socialnet.outbox.errors import NotYet
from socialnet.outbox.events import Event
from socialnet.outbox.ids import time_of

log = structlog.get_logger(__name__)
KEPT_LETTERS = 200
TRIED_FOR = timedelta(days=1)  # how long a letter waits for the server before it counts as undeliverable
_NOBODY_THERE = (SMTPConnectError, SMTPHeloError, SMTPServerDisconnected, SMTPAuthenticationError)
_CLOSING, _NOT_FROM_YOU = 421, 554
_STATUS = re.compile(rb"\b([245]\.\d{1,3}\.\d{1,3})\b")
# Of the threads that speak with strangers so many may wait for the mail server at once; the others are for the rest.
_rooms = {"quick": threading.BoundedSemaphore(4), "bulk": threading.BoundedSemaphore(2)}


class MailAway(Exception):
    """The mail server took no letter just now, or lately did not answer; a later one may go."""


class MailBusy(Exception):
    """As many letters as may are waiting for the mail server already."""


@dataclass(frozen=True)
class Refusal:
    """A server's lasting no to one recipient. `status` is the enhanced code (RFC 3463), empty if it gave none."""

    code: int
    status: str

    @property
    def is_about_the_address(self) -> bool:
        """Whether it will be refused for ever; not so when the server has something against us (5.7, or only 554)."""
        return not self.status.startswith("5.7.") if self.status else self.code != _NOT_FROM_YOU


def is_away(error: BaseException) -> bool:
    """Whether the server does not answer, or says that it cannot. That it refuses a letter is an answer."""
    if isinstance(error, SMTPResponseException) and error.smtp_code == _CLOSING:
        return True
    return isinstance(error, _NOBODY_THERE) or (
        isinstance(error, OSError) and not isinstance(error, SMTPException)
    )


def _is_passing(error: SMTPException) -> bool:
    """Whether the server asks to be tried again: its codes from 400 to 499, for every address."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(400 <= code < 500 for code, _words in error.recipients.values())
    return isinstance(error, SMTPResponseException) and 400 <= error.smtp_code < 500


def refusal(error: BaseException) -> Refusal | None:
    """What the server said if it will never take a letter to this recipient (of several, to none of them)."""
    if isinstance(error, SMTPRecipientsRefused):
        answers: list[tuple[int, bytes | str]] = list(error.recipients.values())
    elif isinstance(error, SMTPDataError) and _status(error.smtp_error).startswith("5.1."):
        answers = [(error.smtp_code, error.smtp_error)]  # some look for the recipient as late as that
    else:
        return None
    if not answers or any(code < 500 for code, _words in answers):
        return None
    code, words = answers[0]
    return Refusal(code, _status(words))


def _status(words: bytes | str) -> str:
    found = _STATUS.search(words.encode(errors="replace") if isinstance(words, str) else words)
    return found[1].decode() if found else ""


# Three in a row, not ten: each costs 5 s of a thread that others wait for.
breaker = Breaker("mail", failures=3, pause=30, counts=is_away, budget=5)


def send_confirmation(address: EmailAddress, *, joining: bool) -> None:
    key = EmailConfirmationHMAC.create(address).key
    link = absolute(reverse("account_confirm_email", args=[key]))
    _send("confirm_email", address.user, address.email, link=link, key=key, joining=joining)


def send_password_reset(person: User) -> None:
    uid, key = user_pk_to_url_str(person), default_token_generator.make_token(person)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
    link = absolute(path.replace("UID-KEY", f"{uid}-{quote(key)}"))
    _send("reset_password", person, person.email, link=link, uid=uid, key=key)


def send_joined_twice(person: User) -> None:
    link = absolute(reverse("account_reset_password"))
    _send("joined_twice", person, person.email, link=link)


def send_address_changed(person: User, *, former: str) -> None:
    """To the `former` one: whoever took over an account has the other, and tells nobody."""
    _send("address_changed", person, former)


def send_second_factor_changed(person: User, *, change: str) -> None:
    link = absolute(reverse("settings_security"))
    _send("second_factor", person, person.email, link=link, change=change)


def send_email_change(change: EmailChange, *, key: str) -> None:
    link = absolute(reverse("email_change", args=[key]))
    _send("email_change", change.user, change.user.email, link=link, email=change.email)


def send_leaving(person: User) -> None:
    link = absolute(reverse("account_login"))
    _send("leaving", person, person.email, link=link, days=settings.GRACE_DAYS)


def send_export_ready(person: User) -> None:
    link = absolute(reverse("settings_export"))
    _send("export_ready", person, person.email, link=link, days=settings.EXPORT_DAYS)


def absolute(path: str) -> str:
    """A path of this site as letters name it; what is an address already stays."""
    return path if "://" in path else f"{settings.PUBLIC_URL}{path}"


def _send(letter: str, person: User, to: str, **facts: Any) -> None:
    with translation.override(person.language):
        facts = {"person": person, "site": settings.PUBLIC_URL, **facts}
        subject = " ".join(render_to_string(f"accounts/mail/{letter}_subject.txt", facts).split())
        body = render_to_string(f"accounts/mail/{letter}.txt", facts).strip() + "\n"
    hand_over(EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [to]))


def hand_over(letter: EmailMessage, *, in_bulk: bool = False) -> None:
    """Give `letter` to the mail server. Raises `MailAway`, `MailBusy`, and whatever else the server says.

    What nobody waits for goes `in_bulk`: it has less room, so that it leaves some to what people wait for.
    """
    room = _rooms["bulk" if in_bulk else "quick"]
    if not room.acquire(blocking=False):
        raise MailBusy
    try:
        _hand_over(letter)
    finally:
        room.release()


def _hand_over(letter: EmailMessage) -> None:
    was_open = breaker.state != CLOSED
    try:
        with breaker.calling():
            letter.send()
    except Refused as error:
        raise MailAway from error
    except OSError as error:  # as are all of smtplib
        if breaker.is_open:
            neighbours.tell_away(breaker)
        if is_away(error) or (isinstance(error, SMTPException) and _is_passing(error)):
            raise MailAway from error
        raise
    if breaker.is_open:  # it took the letter, but too slowly for too long
        neighbours.tell_away(breaker)
    elif was_open:
        neighbours.tell_back(breaker)


@contextmanager
def patience(event: Event) -> Iterator[None]:
    """Around the letter that `event` owes: while no server takes it it waits, without an attempt, for a day at most."""
    try:
        yield
    except MailBusy as error:
        raise NotYet(1) from error
    except MailAway as error:
        if timezone.now() - time_of(event.id) > TRIED_FOR:
            raise
        log.info("letter_waits", event_id=event.id, reason=type(error.__cause__).__name__)
        raise NotYet(int(breaker.pause)) from error


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
