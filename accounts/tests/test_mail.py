"""Letters while the mail server is slow, silent, closing or choosy: none is lost, and nobody waits for it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import mail
from accounts.models import User
from accounts.tests.factories import PASSWORD
from accounts.tests.smtp import MailServer
from socialnet.kernel import redis
from socialnet.outbox.ids import id_at, time_of
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
LATE = "Letters are late."


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    made = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", made.port, 0.3
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.RATE_LIMITS_ENABLED = False
    mail.breaker.close()
    monkeypatch.setattr(mail.breaker._breaker, "_reset_timeout", 1.5)
    yield made
    made.stop()
    mail.breaker.close()


def ask(email: str = "ada@example.com") -> str:
    answer = Client().post("/accounts/password/reset/", {"email": email}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def try_again() -> None:
    Delivery.objects.filter(state=Delivery.State.OPEN).update(
        leased_until="2020-01-01T00:00Z", last_error="", attempts=0
    )
    drain(allow_failures=True)


def test_a_letter_goes_out(ada: User, server: MailServer) -> None:
    ask()
    drain()
    assert [letter["To"] for letter in server.letters] == ["ada@example.com"]
    assert "/accounts/password/reset/key/" in server.letters[0].get_content()


@pytest.mark.parametrize("mood", ["silent", "closing", "gone"])
def test_without_a_server_the_breaker_opens_people_are_told_and_it_closes_by_itself(
    ada: User, server: MailServer, mood: str, settings: Any
) -> None:
    if mood == "gone":
        settings.EMAIL_PORT = 1  # nobody listens there
    server.mood = mood
    assert LATE not in ask()
    ask()
    ask()
    drain(allow_failures=True)
    assert mail.breaker.is_open
    assert LATE in ask() and LATE in ask("nobody@example.com")
    assert LATE in Client().get("/accounts/password/reset/").content.decode()
    away = Client().get("/health/circuit-breakers").json()["away"]
    assert away["mail"]["state"] == "open"
    calls = server.calls
    drain(allow_failures=True)  # the one asked for meanwhile
    assert server.calls == calls

    server.mood, settings.EMAIL_PORT = "well", server.port
    time.sleep(1.6)
    try_again()
    assert not mail.breaker.is_open and len(server.letters) == 4
    assert LATE not in ask()
    assert not Delivery.objects.filter(state=Delivery.State.DEAD).exists()


def test_waiting_costs_no_attempt(ada: User, server: MailServer) -> None:
    server.mood = "closing"
    ask()
    drain(allow_failures=True)
    (delivery,) = Delivery.objects.filter(handler="accounts.send_password_reset")
    assert (delivery.state, delivery.attempts, delivery.last_error) == (Delivery.State.OPEN, 0, "NotYet")
    assert 20 < (delivery.leased_until - timezone.now()).total_seconds() < 40


def test_after_a_day_it_is_given_up(ada: User, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.mood = "closing"
    long_ago = id_at(timezone.now()) - (25 * 3600 * 1000 << 12)
    monkeypatch.setattr(mail, "time_of", lambda _ident: time_of(long_ago))
    ask()
    drain(allow_failures=True)
    (delivery,) = Delivery.objects.filter(handler="accounts.send_password_reset")
    assert delivery.attempts == 1 and "MailAway" in delivery.last_error


def test_a_server_that_asks_to_be_tried_again_is_not_away(ada: User, server: MailServer) -> None:
    server.mood = "later"
    for _ in range(4):
        ask()
    drain(allow_failures=True)
    assert not mail.breaker.is_open and server.letters == []
    assert set(Delivery.objects.filter(state=0).values_list("attempts", flat=True)) == {0}
    server.mood = "well"
    try_again()
    assert len(server.letters) == 4


def test_an_address_that_nobody_takes_counts_attempts(ada: User, server: MailServer) -> None:
    server.mood = "never"
    ask()
    drain(allow_failures=True)
    (delivery,) = Delivery.objects.filter(handler="accounts.send_password_reset")
    assert delivery.attempts == 1 and not mail.breaker.is_open


def test_a_server_that_takes_too_long_rests(
    ada: User, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail.breaker, "budget", 0.05)
    server.mood, server.delay = "slow", 0.1
    for _ in range(4):
        ask()
    drain(allow_failures=True)
    assert len(server.letters) == 3 and mail.breaker.is_open
    assert LATE in ask()


def test_who_confirms_an_address_is_told_too(ada: User, server: MailServer) -> None:
    server.mood = "closing"
    for _ in range(3):
        ask()
    drain(allow_failures=True)
    browser = Client()
    browser.force_login(ada)
    browser.post("/accounts/email/", {"email": "new@example.com", "password": PASSWORD})
    assert LATE in browser.get("/accounts/email/").content.decode()


def test_nobody_knows_without_redis(ada: User, server: MailServer) -> None:
    redis.breaker._breaker.open()
    try:
        assert LATE not in ask()
    finally:
        redis.breaker.close()
