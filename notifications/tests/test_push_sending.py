"""Web Push from the act to the browser: what arrives, what is tried again, and what comes by letter instead."""

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import person
from notifications import channels, telling
from notifications.actions import mark_read
from notifications.channels import push
from notifications.channels.base import Channel
from notifications.channels.push import messages, sending
from notifications.channels.push.keys import encoded
from notifications.events import PushOwed
from notifications.models import ChannelDelivery, Notification, Preference, PushSubscription, Settings
from notifications.registry import Way
from notifications.tests.push_service import (
    Browser,
    PushService,
    authority,
    hurried,
    service,
    signed_claims,
    vapid,
)
from socialnet.kernel import breaker, outside
from socialnet.kernel.breaker import Breakers
from socialnet.kernel.invariants import broken
from socialnet.kernel.outside import ways
from socialnet.outbox.actions import emit
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

__all__ = ["authority", "hurried", "service", "vapid"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(ada: User, vapid: None) -> Browser:
    made = Browser()
    made.subscribed_by(ada)
    return made


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, list[int]]]:
    """The way of letters, as far as others see it: what was owed to whom."""
    owed: list[tuple[int, list[int]]] = []
    mail = Channel(
        way=Way.MAIL,
        label="By mail",  # type: ignore[arg-type]
        reached=set,
        owe=lambda person, ids: owed.append((person.pk, list(ids))),
    )
    others = tuple(channel for channel in channels.CHANNELS if channel.way is not Way.MAIL)
    monkeypatch.setattr(telling, "CHANNELS", (*others, mail))
    return owed


def follow(follower: User, followee: User) -> None:
    people.follow_user(follower=follower, followee=followee)


def states() -> list[tuple[str, str, int]]:
    rows = ChannelDelivery.objects.filter(way=Way.PUSH).order_by("notification_id")
    return [(row.state, row.outcome, row.attempts) for row in rows]


def waits() -> float:
    """Seconds until the message is tried again."""
    (delivery,) = Delivery.objects.filter(handler="notifications.send_push", state=Delivery.State.OPEN)
    return (delivery.leased_until - timezone.now()).total_seconds()


def later() -> None:
    """The pause is over."""
    Delivery.objects.filter(state=Delivery.State.OPEN).update(leased_until=Now() - timedelta(seconds=1))
    drain(allow_failures=True)


def test_who_is_followed_reads_it_on_their_device(service: PushService, ada, ben, browser) -> None:
    follow(ben, ada)
    drain()
    (received,) = service.received
    news = browser.reads(received)
    row = Notification.objects.get(recipient=ada)
    assert news == {
        "title": "Ben follows you",
        "body": "",
        "url": "/@ben",
        "tag": str(row.pk),
        "icon": "/static/img/icon-180.png",
    }
    assert received.headers["TTL"] == "86400"
    assert received.headers["Urgency"] == "normal"
    assert received.headers["Topic"] == str(row.pk)
    assert received.headers["Content-Encoding"] == "aes128gcm"
    assert "User-Agent" not in received.headers and "Cookie" not in received.headers
    claims = signed_claims(received.headers["Authorization"])
    assert (claims["aud"], claims["sub"]) == ("https://push.example", "mailto:ops@social.example")
    assert states() == [("sent", "status_201", 1)]
    assert PushSubscription.objects.get().used_at is not None
    assert broken() == []


def test_nobody_else_is_told_and_nobody_without_a_browser(service, ada, ben, cleo, browser) -> None:
    follow(ada, ben)
    follow(cleo, ben)
    drain()
    assert service.received == []
    assert not ChannelDelivery.objects.filter(way=Way.PUSH).exists()


def test_without_a_key_nothing_is_owed(settings: Any, service, ada, ben, browser) -> None:
    settings.VAPID_PRIVATE_KEY = ""
    follow(ben, ada)
    drain()
    assert service.received == [] and states() == []


def test_every_browser_is_told_at_once(service: PushService, ada, ben, browser) -> None:
    second = Browser("two")
    second.subscribed_by(ada)
    follow(ben, ada)
    drain()
    assert browser.reads(service.to(browser)[0]) == second.reads(service.to(second)[0])
    assert len(service.received) == 2
    assert states() == [("sent", "status_201", 1)]


def test_one_that_takes_it_is_enough(service: PushService, ada, ben, browser) -> None:
    Browser("two").subscribed_by(ada)
    service.answer(browser, 500)
    follow(ben, ada)
    drain()
    assert [row[0] for row in states()] == ["sent"]
    assert not Delivery.objects.filter(state=Delivery.State.OPEN).exists()
    assert PushSubscription.objects.get(endpoint=browser.endpoint).failures == 1


def test_what_is_told_together_is_one_message(service: PushService, ada, ben, cleo, browser) -> None:
    for follower in (ben, cleo):
        follow(follower, ada)
    Settings.objects.create(user=ada, is_on=False)
    drain()
    Settings.objects.update(is_on=True)
    Notification.objects.update(told_at=None, due_at=Now())
    telling.tell([ada.pk])
    drain()
    (received,) = service.received
    news = browser.reads(received)
    assert news["title"] == "2 new notifications"
    assert sorted(news["body"].split("\n")) == ["Ben follows you", "Cleo follows you"]
    assert news["url"] == "/notifications"
    assert [state for state, *_ in states()] == ["sent", "sent"]


def test_delivered_twice_it_is_sent_once(service: PushService, ada, ben, browser) -> None:
    follow(ben, ada)
    drain()
    with transaction.atomic():
        emit(PushOwed(user_id=ada.pk, notification_ids=[Notification.objects.get().pk]))
    drain()
    assert len(service.received) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(service, ada, ben, browser, letters, status) -> None:
    service.answer(browser, status)
    follow(ben, ada)
    drain()
    assert not PushSubscription.objects.exists()
    assert states() == [("failed", f"status_{status}", 1)]
    assert letters == [(ada.pk, [Notification.objects.get().pk])]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_who_asks_for_time_gets_it_three_times(service, ada, ben, browser, letters, status) -> None:
    service.answer(browser, status)
    follow(ben, ada)
    drain(allow_failures=True)
    assert 25 < waits() <= 30
    assert states() == [("owed", "", 1)]
    later()
    assert 290 < waits() <= 300
    later()
    assert states() == [("failed", f"status_{status}", 3)]
    assert len(service.received) == 3
    assert {received.headers["Topic"] for received in service.received} == {
        str(Notification.objects.get().pk)
    }
    assert letters == [(ada.pk, [Notification.objects.get().pk])]
    mail = ChannelDelivery.objects.get(way=Way.MAIL)
    assert (mail.state, mail.notification_id) == ("owed", Notification.objects.get().pk)
    assert PushSubscription.objects.get().failures == 1
    assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()


def test_when_it_is_back_it_is_sent(service: PushService, ada, ben, browser, letters) -> None:
    service.answer(browser, 503)
    follow(ben, ada)
    drain(allow_failures=True)
    service.answer(browser, 201)
    later()
    assert states() == [("sent", "status_201", 2)]
    assert letters == []


def test_a_pause_that_is_asked_for_is_kept(service: PushService, ada, ben, browser, letters) -> None:
    service.answer(browser, 429, Retry_After="120")
    follow(ben, ada)
    drain(allow_failures=True)
    assert 115 < waits() <= 120
    service.answer(browser, 429, Retry_After="7200")  # by then it is no news
    later()
    assert states() == [("failed", "status_429", 2)]
    assert len(letters) == 1


def test_who_never_answers_is_left_and_asked_again(service, hurried, ada, ben, browser, letters) -> None:
    service.hang(browser)
    follow(ben, ada)
    drain(allow_failures=True)
    assert states() == [("owed", "", 1)]
    later()
    later()
    assert states() == [("failed", "timeout", 3)]


@pytest.mark.parametrize("status", [301, 400, 403, 413])
def test_what_is_refused_is_not_tried_again(service, ada, ben, browser, letters, status) -> None:
    service.answer(browser, status, Location="https://push.example/send/two")
    follow(ben, ada)
    drain()
    assert len(service.received) == 1
    assert states() == [("failed", f"status_{status}", 1)]
    assert PushSubscription.objects.get().failures == 1
    assert len(letters) == 1


def test_an_address_inside_is_never_asked(service, monkeypatch, ada, ben, browser, letters) -> None:
    monkeypatch.setattr(outside.ways, "_is_public", lambda address: False)
    follow(ben, ada)
    drain()
    assert service.received == []
    assert states() == [("failed", "address", 1)]


DEAD = "dead.example"


def dead_host(service: PushService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens at one of the hosts."""
    lookup = ways._lookup
    monkeypatch.setattr(
        ways,
        "_lookup",
        lambda host, port: (
            [ways.Way(socket.AF_INET, ("127.0.0.1", 1))] if host == DEAD else lookup(host, port)
        ),
    )


def test_a_service_that_does_not_answer_is_left_alone_and_nobody_else_is(
    service, hurried, monkeypatch, ada, ben, cleo, browser, letters
) -> None:
    dead_host(service, monkeypatch)
    for number in range(10):
        Browser(f"number-{number}", host=DEAD).subscribed_by(cleo)
    follow(ben, cleo)
    drain(allow_failures=True)
    assert sending.breakers.of(DEAD).is_open
    assert sending.breakers.state == "open"  # it is all there is
    follow(ben, ada)
    drain(allow_failures=True)
    assert len(service.to(browser)) == 1
    shown = breaker.snapshot()["push"]
    assert (shown["state"], shown["kept"], shown["open"]) == ("closed", 2, 1)


def test_a_service_that_is_paused_costs_no_attempt_and_no_browser(
    service, hurried, monkeypatch, ada, ben, letters
) -> None:
    dead_host(service, monkeypatch)
    Browser(host=DEAD).subscribed_by(ada)
    for _ in range(10):
        sending.breakers.of(DEAD)._tell(outside.OutsideUnreachable("connection"))
    follow(ben, ada)
    drain(allow_failures=True)
    for _ in range(4):
        assert states() == [("owed", "", 0)]
        assert 25 < waits() <= 30
        later()
    assert PushSubscription.objects.get().failures == 0 and letters == []
    ChannelDelivery.objects.update(at=Now() - timedelta(hours=2))  # by then it is no news
    later()
    later()
    later()
    assert states() == [("failed", "paused", 3)]
    assert PushSubscription.objects.get().failures == 0 and len(letters) == 1


def test_only_so_many_breakers_are_kept() -> None:
    kept = Breakers("test", most=3, failures=1, pause=30, counts=lambda error: True)
    for name in ("one", "two", "three"):
        kept.of(name)._tell(OSError())
    assert kept.of("one").is_open
    assert not kept.of("four").is_open
    assert kept.of("one").is_open and not kept.of("two").is_open  # forgotten, and begun anew
    assert kept.snapshot()["kept"] == 3
    assert kept.state == "closed"
    del breaker._breakers["test"]


def test_browsers_that_never_took_anything_leave_room_for_others(service, ada, ben, cleo, browser) -> None:
    taken = [sending._rooms[False] for _ in range(2)]
    for room in taken:
        assert room.acquire(blocking=False)
    try:
        follow(ben, ada)
        drain(allow_failures=True)
        assert states() == [("owed", "", 0)] and waits() <= 1
        PushSubscription.objects.update(used_at=Now())
        later()
        assert states() == [("sent", "status_201", 1)]
    finally:
        for room in taken:
            room.release()


def test_an_address_that_is_not_taken_any_more_is_not_asked(service, ada, ben, browser, letters) -> None:
    PushSubscription.objects.update(endpoint="https://push.localhost/send")
    follow(ben, ada)
    drain()
    assert service.received == [] and states() == [("failed", "inside", 1)]


def test_keys_that_are_none_are_forgotten(service, ada, ben, browser, letters) -> None:
    PushSubscription.objects.update(p256dh=encoded(b"\4" + b"\1" * 64))
    follow(ben, ada)
    drain()
    assert service.received == [] and not PushSubscription.objects.exists()


# --- What happens meanwhile ------------------------------------------------------------------------------


def owed_to(ada: User, ben: User, service: PushService, browser: Browser) -> Notification:
    """News of which the first attempt failed."""
    service.answer(browser, 503)
    follow(ben, ada)
    drain(allow_failures=True)
    service.answer(browser, 201)
    service.received.clear()
    return Notification.objects.get()


def test_what_is_read_meanwhile_is_not_sent(service, ada, ben, browser) -> None:
    row = owed_to(ada, ben, service, browser)
    mark_read(person=ada, ids=[row.pk])
    later()
    assert service.received == []
    assert [state for state, *_ in states()] == ["cancelled"]


def test_nor_what_is_undone(service, ada, ben, browser) -> None:
    owed_to(ada, ben, service, browser)
    people.unfollow_user(follower=ben, followee=ada)
    drain(allow_failures=True)
    later()
    assert service.received == []
    assert [state for state, *_ in states()] == ["cancelled"]


def test_nor_to_a_browser_that_was_removed(service, ada, ben, browser, letters) -> None:
    owed_to(ada, ben, service, browser)
    PushSubscription.objects.all().delete()
    later()
    assert states()[0][:2] == ("cancelled", "no_browser")
    assert letters == []


def test_nor_what_is_not_wanted_on_devices_any_more(service, ada, ben, browser, letters) -> None:
    owed_to(ada, ben, service, browser)
    Settings.objects.create(user=ada, is_on=False)
    later()
    assert service.received == [] and letters == []
    assert states()[0][:2] == ("cancelled", "unwanted")


def test_nor_of_somebody_who_was_muted(service, ada, ben, browser, letters) -> None:
    owed_to(ada, ben, service, browser)
    people.mute_user(muter=ada, muted=ben)
    later()
    assert service.received == [] and letters == []
    assert states()[0][:2] == ("cancelled", "unwanted")


def test_quiet_hours_that_begin_meanwhile_are_waited_for(service, ada, ben, browser) -> None:
    owed_to(ada, ben, service, browser)
    here = timezone.now()
    Settings.objects.create(
        user=ada,
        quiet_from=(here - timedelta(hours=1)).time(),
        quiet_until=(here + timedelta(hours=1)).time(),
    )
    later()
    assert service.received == []
    assert 3500 < waits() <= 3600
    assert states() == [("owed", "", 1)]
    Settings.objects.update(quiet_from=None, quiet_until=None)
    later()
    assert len(service.received) == 1 and states()[0][0] == "sent"


def test_a_worker_that_dies_at_each_attempt_ends_it_too(service, ada, ben, browser, letters) -> None:
    owed_to(ada, ben, service, browser)
    ChannelDelivery.objects.update(attempts=sending.MOST_ATTEMPTS)
    service.answer(browser, 503)
    later()
    assert states()[0][0] == "failed"


# --- Letters instead -------------------------------------------------------------------------------------


def test_a_letter_that_was_owed_before_is_not_owed_again(service, ada, ben, browser, letters) -> None:
    row = owed_to(ada, ben, service, browser)
    ChannelDelivery.objects.create(notification=row, way=Way.MAIL, state=ChannelDelivery.State.SENT)
    service.answer(browser, 410)
    later()
    assert letters == []


def test_who_wants_no_letters_of_this_gets_none(service, ada, ben, browser, letters) -> None:
    Preference.objects.create(user=ada, kind="follow", ways=["push"], pace="at_once")
    service.answer(browser, 410)
    follow(ben, ada)
    drain()
    assert states()[0][0] == "failed"
    assert letters == []


def test_settings_say_that_nothing_arrives(service, ada, ben, cleo, dora, browser, letters) -> None:
    assert push.CHANNEL.trouble(ada, Settings(user=ada)) == ""
    service.answer(browser, 400)
    for follower in (ben, cleo):
        follow(follower, ada)
        drain()
    assert "do not take our messages" in push.CHANNEL.trouble(ada, Settings(user=ada))
    service.answer(browser, 201)
    follow(dora, ada)
    drain()
    assert push.CHANNEL.trouble(ada, Settings(user=ada)) == ""


def test_a_browser_without_hope_is_forgotten_after_a_week(service, ada, ben, cleo, browser, letters) -> None:
    service.answer(browser, 403)
    PushSubscription.objects.update(failures=9)
    follow(ben, ada)
    drain()
    assert PushSubscription.objects.get().failures == 10
    PushSubscription.objects.update(created_at=F("created_at") - timedelta(days=8))
    follow(cleo, ada)
    drain()
    assert not PushSubscription.objects.exists()


# --- Words -----------------------------------------------------------------------------------------------


class _Item:
    """As much of an item as a message looks at."""

    def __init__(self, text: str, excerpt: str = "") -> None:
        from notifications.registry import KINDS

        self.text, self.excerpt, self.url, self.registered = text, excerpt, "/@ben/1", KINDS["mention"]


@pytest.mark.parametrize("letter", ["a", "ä", "界", "👩‍👩‍👧‍👦", '"'])
def test_a_message_is_never_larger_than_services_take(letter) -> None:
    items = [_Item(letter * 500, letter * 500) for _ in range(40)]
    for some in (items[:1], items):
        message = messages.message_of(some, topic="1")  # type: ignore[arg-type]
        assert len(message.body) <= messages.MOST_BYTES
        assert message.urgency == "high"


def test_many_lines_are_a_few_and_a_number() -> None:
    message = messages.message_of([_Item(f"Line {n}") for n in range(8)], topic="1")  # type: ignore[arg-type, misc]
    assert b"Line 4\\nand 3 more" in message.body


def test_logs_know_neither_words_nor_addresses(service, ada, browser, letters, caplog) -> None:
    zoe = person("zoe_the_quiet", display_name="Zoe Unspoken")
    follow(zoe, ada)
    drain()
    service.answer(browser, 410)
    follow(person("yan_the_quiet"), ada)
    drain()
    told = caplog.text
    assert "push_sent" in told and "push_given_up" in told
    for secret in ("Unspoken", "quiet", "push.example", encoded(browser.auth), "follows you"):
        assert secret not in told
