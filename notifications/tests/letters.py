"""A real mail server in this process, and what tests of letters do again and again."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from accounts import mail
from accounts.models import User
from feeds.models import Post
from feeds.tests.factories import publish
from notifications.models import ChannelDelivery
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain
from tests.stack import free_port

ANSWERS = {
    "never": "550 5.1.1 nobody of that name",
    "bare": "550 no",
    "disliked": "550 5.7.1 we take nothing from you",
    "listed": "554 no mail from there",
    "later": "450 4.2.0 come back",
}


@dataclass
class PostOffice:
    """What the server took, and its `mood`: well, silent, or one of `ANSWERS`."""

    letters: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    calls: int = 0
    mood: str = "well"

    async def handle_MAIL(
        self, _server: Any, _session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        self.calls += 1
        while self.mood == "silent":
            await asyncio.sleep(0.02)
        envelope.mail_from = address
        return "250 fine"

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.mood in ANSWERS:
            return ANSWERS[self.mood]
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.letters.append(found)
        self.senders.append(envelope.mail_from)
        return "250 taken"

    @property
    def subjects(self) -> list[str]:
        return [str(letter["Subject"]) for letter in self.letters]


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    made = PostOffice()
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # of the server: it names addresses
    controller = Controller(made, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", controller.port, 0.3
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    mail.breaker.close()
    yield made
    made.mood = "well"
    controller.stop()
    mail.breaker.close()


def mention(who: User, whom: User, words: str = "look at this") -> Post:
    """One kind of news that is told by mail at once."""
    return publish(who, f"@{whom.username} {words}")


def try_again() -> None:
    """Make what waits, as if its pause were over."""
    Delivery.objects.filter(state=Delivery.State.OPEN).update(leased_until="2020-01-01T00:00Z", last_error="")
    drain(allow_failures=True)


def outcomes() -> list[tuple[str, str]]:
    """State and outcome of everything by mail, in the order of what it is about."""
    rows = ChannelDelivery.objects.filter(way="mail").order_by("notification_id")
    return list(rows.values_list("state", "outcome"))


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content())
