"""Letters that come back: their person gets none any more, until the address changes or they say so."""

from collections.abc import Iterable, Iterator
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage, Message

import structlog

from accounts.models import User
from notifications.channels.mail import BOUNCED, tokens
from notifications.models import Settings

log = structlog.get_logger(__name__)


def note(person: User, *, code: str) -> None:
    """Nobody takes letters at this address. `code` says why; it never holds the address."""
    Settings.objects.update_or_create(user=person, defaults={"mail_trouble": BOUNCED})
    log.info("mail_switched_off", user_id=person.pk, code=code)


def forget(people: Iterable[int]) -> None:
    """The address is another now, or its owner says that it works."""
    Settings.objects.filter(user__in=list(people)).exclude(mail_trouble="").update(mail_trouble="")


def take(raw: bytes) -> User | None:
    """Read a delivery status notification (RFC 3464); returns whose mail was switched off, if anybody's.

    Anybody can send one. It is believed if it encloses the headers of a letter of ours, whose `Message-ID` only we and
    who got the letter know, and if that letter went to the address which the person still has.
    """
    report = message_from_bytes(raw, policy=policy.default)
    if (code := next(_failures(report), "")) and (person := _recipient(report)):
        note(person, code=code)
        return person
    return None


def _failures(report: Message) -> Iterator[str]:
    """The codes of recipients who will never get it, save those whose server has something against us (5.7)."""
    for part in report.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in _inside(part):
            action, status = str(block.get("Action", "")), str(block.get("Status", "")).split()
            is_failed = action.strip().lower() == "failed" and status and status[0].startswith("5.")
            if is_failed and not status[0].startswith("5.7."):
                yield status[0][:12]


def _recipient(report: Message) -> User | None:
    """To whom the enclosed letter went. There is one recipient in each of ours."""
    for part in report.walk():
        headers = _enclosed(part)
        if headers is not None and (person := tokens.recipient_of(str(headers.get("Message-ID", "")))):
            return person
    return None


def _enclosed(part: Message) -> Message | None:
    if part.get_content_type() == "message/rfc822":
        return next(iter(_inside(part)), None)
    if part.get_content_type() == "text/rfc822-headers" and isinstance(part, EmailMessage):
        return message_from_string(part.get_content(), policy=policy.default)
    return None


def _inside(part: Message) -> list[Message]:
    """The messages and blocks of headers that a part consists of."""
    found = part.get_payload()
    return [inner for inner in found if isinstance(inner, Message)] if isinstance(found, list) else []
