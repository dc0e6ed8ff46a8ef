"""Letters that come back: mail is switched off for whom we sent them to, and by nobody who made it up."""

import io
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command

from accounts import actions as people
from accounts.models import User
from notifications.channels import mail as channel
from notifications.channels.mail import bounces, tokens
from notifications.models import Notification, Settings
from notifications.tests.letters import PostOffice, mention, office, outcomes
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

__all__ = ["office"]
pytestmark = pytest.mark.django_db
MAIL, SEVERAL = "message/rfc822", "text/rfc822-headers"


def is_off(whom: User) -> bool:
    return Settings.objects.filter(user=whom, mail_trouble="bounced").exists()


def report(
    letter: EmailMessage | str, *, action: str = "failed", status: str = "5.1.1", enclosed: str = MAIL
) -> bytes:
    """What a mail server sends back (RFC 3464), with the letter or its headers."""
    headers = f"From: no-reply@localhost\nMessage-ID: {letter if isinstance(letter, str) else letter['Message-ID']}\n"
    return f"""\
From: MAILER-DAEMON@mx.example.net
To: no-reply@localhost
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain

I am sorry.

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; somebody.else@forwarded.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 nobody of that name

--cut
Content-Type: {enclosed}

{headers}
--cut--
""".encode()


def test_a_refused_recipient_switches_mail_off_at_once(ada: User, ben: User, office: PostOffice) -> None:
    for mood in ("never", "bare"):
        office.mood = mood
        mention(ben, ada)
        drain()  # nothing failed: nobody tries again
        assert is_off(ada)
        bounces.forget([ada.pk])
    assert outcomes() == [("failed", "refused_550")] * 2
    bounces.note(ada, code="550")
    calls = office.calls
    mention(ben, ada)
    drain()
    assert office.calls == calls
    assert "came back" in channel.CHANNEL.trouble(ada, Settings.objects.get(user=ada))
    assert Notification.objects.standing().unread().count() == 3


def test_a_server_that_has_something_against_us_or_wants_us_to_wait_is_no_bounce(
    ada: User, ben: User, office: PostOffice
) -> None:
    for mood in ("disliked", "listed", "later"):
        office.mood = mood
        mention(ben, ada)
        drain(allow_failures=True)
    assert not is_off(ada)
    assert Delivery.objects.filter(handler="notifications.send_letters", state=0).count() == 3


def test_a_new_address_is_trusted_again(ada: User) -> None:
    bounces.note(ada, code="5.1.1")
    address = EmailAddress.objects.create(user=ada, email="new@example.com", verified=False)
    people.confirm_address(address=address)
    drain()
    assert not is_off(ada) and channel.CHANNEL.reached([ada.pk]) == {ada.pk}


@pytest.fixture
def sent(ada: User, ben: User, office: PostOffice) -> EmailMessage:
    mention(ben, ada)
    drain()
    return office.letters[0]


@pytest.mark.parametrize("enclosed", [MAIL, SEVERAL])
def test_a_report_of_failure_switches_mail_off(ada: User, sent: EmailMessage, enclosed: str) -> None:
    assert bounces.take(report(sent, enclosed=enclosed)) == ada
    assert is_off(ada)


@pytest.mark.parametrize(
    "facts",
    [
        {"action": "delayed"},
        {"status": "4.2.2"},
        {"status": "5.7.1"},
        {"action": "delivered", "status": "2.0.0"},
    ],
)
def test_reports_of_something_else_do_not(ada: User, sent: EmailMessage, facts: dict[str, str]) -> None:
    assert bounces.take(report(sent, **facts)) is None
    assert not is_off(ada)


def test_forged_reports_are_not_believed(ada: User, ben: User, sent: EmailMessage) -> None:
    user_id, event_id, signature = str(sent["Message-ID"]).strip("<>").partition("@")[0].split(".")
    assert user_id == str(ada.pk)
    for made_up in (
        "<1.2.3@localhost>",
        f"<{ben.pk}.{event_id}.{signature}@localhost>",
        f"<{user_id}.{event_id}1.{signature}@localhost>",
        f"<{user_id}.{event_id}.{'0' * 32}@localhost>",
        f"<{'9' * 30}.1.é@localhost>",
        "",
    ):
        assert bounces.take(report(made_up)) is None
    for noise in (
        b"",
        b"\xff\xfe",
        b"Subject: hello\n\nhello",
        b"Content-Type: message/delivery-status\n\n\n",
    ):
        assert bounces.take(noise) is None
    assert not is_off(ada) and not is_off(ben)


def test_what_comes_back_from_an_earlier_address_says_nothing_of_the_present_one(
    ada: User, sent: EmailMessage
) -> None:
    User.objects.filter(pk=ada.pk).update(email="new@example.com")
    assert bounces.take(report(sent)) is None
    assert tokens.recipient_of(tokens.letter_id(User.objects.get(pk=ada.pk), 7)) == ada


def test_mail_servers_pipe_them_into_a_command(
    ada: User, sent: EmailMessage, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    for raw in (b"what?", report(sent)):
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
        call_command("take_bounce")
    said = capsys.readouterr().out
    assert "Nothing done" in said and f"Person {ada.pk} gets no more letters." in said
    assert "@" not in said and is_off(ada)


def test_letters_come_back_to_the_address_that_was_set(
    ada: User, ben: User, office: PostOffice, settings: Any
) -> None:
    mention(ben, ada)
    drain()
    settings.BOUNCE_ADDRESS = "bounces@town.example"
    mention(ben, ada)
    drain()
    assert office.senders == ["no-reply@localhost", "bounces@town.example"]
    assert {str(letter["From"]) for letter in office.letters} == {"socialnet <no-reply@localhost>"}
    assert len({str(letter["Message-ID"]) for letter in office.letters}) == 2
