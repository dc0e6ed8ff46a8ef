"""Letters at once: one for what is told together, to a confirmed address, each once whatever the server does."""

import threading
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection

from accounts import mail
from accounts.models import User
from accounts.tests.factories import page_of, person
from feeds.actions import delete_post
from feeds.tests.factories import publish
from interactions import actions as doing
from notifications import actions, telling
from notifications.channels import mail as channel
from notifications.channels.mail import sending
from notifications.events import MailOwed
from notifications.models import ChannelDelivery, Notification, Settings
from notifications.tests.letters import PostOffice, mention, office, outcomes, text_of, try_again
from socialnet.kernel import realtime
from socialnet.outbox import deliveries
from socialnet.outbox.models import Delivery
from socialnet.outbox.testing import drain

__all__ = ["office"]
pytestmark = pytest.mark.django_db
SENT = ("sent", "letter")


def test_a_mention_comes_as_one_letter_with_a_sentence_a_quote_and_a_link(
    ada: User, ben: User, office: PostOffice
) -> None:
    post = mention(ben, ada, "<b>bread</b> & salt")
    drain()
    (letter,) = office.letters
    assert letter["To"] == "ada@example.com" and letter["Subject"] == "Ben mentioned you"
    assert letter["Auto-Submitted"] == "auto-generated"
    text, html = text_of(letter), text_of(letter, "html")
    assert "Hello Ada," in text and "“@ada <b>bread</b> & salt”" in text
    assert f"http://127.0.0.1:8000/@ben/{post.pk}" in text and f'/@ben/{post.pk}"' in html
    assert "&lt;b&gt;bread&lt;/b&gt; &amp; salt" in html and "<b>bread" not in html
    assert 'content="light dark"' in html and "<table" not in html
    assert outcomes() == [SENT]
    drain()
    assert len(office.letters) == 1


def test_what_is_told_together_is_one_letter(ada: User, ben: User, cleo: User, office: PostOffice) -> None:
    Settings.objects.create(user=ada, hourly_cap=1)
    mention(ben, ada)
    drain()
    mention(cleo, ada, "this")
    mention(ben, ada, "and that")
    drain()  # over the cap: put off
    assert office.subjects == ["Ben mentioned you"]
    Notification.objects.filter(told_at=None).update(due_at="2020-01-01T00:00Z")
    Notification.objects.exclude(told_at=None).update(told_at="2020-01-01T00:00Z")
    telling.tell([ada.pk])
    drain()
    assert office.subjects == ["Ben mentioned you", "2 new notifications"]
    text = text_of(office.letters[1])
    assert "* Cleo mentioned you" in text and "* Ben mentioned you" in text and "See all of it" in text
    assert outcomes() == [SENT] * 3


def test_a_storm_is_one_letter_of_twenty_lines(ada: User, office: PostOffice) -> None:
    due = "2020-01-01T00:00Z"
    rows = [Notification(recipient=ada, kind="post_failed", target_id=n, due_at=due) for n in range(23)]
    Notification.objects.bulk_create(rows)
    telling.tell([ada.pk])
    drain()
    assert office.subjects == ["23 new notifications"]
    text = text_of(office.letters[0])
    assert text.count("\n* ") == 20 and "And 3 more: http://127.0.0.1:8000/notifications" in text


def test_likes_come_by_no_letter_unless_somebody_wants_them(ada: User, ben: User, office: PostOffice) -> None:
    post = publish(ada)
    actions.save_preference(person=ada, kind="like", ways=["mail"], from_whom="everyone", pace="at_once")
    doing.like_post(post_id=post.pk, person=ben)
    doing.comment_on_post(post_id=post.pk, author=ben, content="Good")
    drain()
    Notification.objects.update(due_at="2020-01-01T00:00Z")  # likes wait for others
    telling.tell_due()
    drain()
    assert office.subjects == ["Ben likes your post"]


def test_who_switched_mail_off_gets_none_even_if_it_is_owed_already(
    ada: User, ben: User, office: PostOffice
) -> None:
    actions.save_preference(person=ada, kind="mention", ways=["push"], from_whom="everyone", pace="at_once")
    mention(ben, ada)
    drain()
    assert office.letters == [] and outcomes() == []
    telling.owe(channel.Way.MAIL, [Notification.objects.get().pk])
    sending.send_news(owed(ada))
    assert office.letters == [] and outcomes() == [("cancelled", "unwanted")]


def owed(whom: User) -> MailOwed:
    ids = list(Notification.objects.filter(recipient=whom).values_list("pk", flat=True))
    return MailOwed(id=(1 << 52), user_id=whom.pk, notification_ids=ids)


@pytest.mark.parametrize("address", [{"verified": False}, {"email": "other@example.com"}])
def test_only_a_confirmed_address_gets_letters(
    ada: User, ben: User, office: PostOffice, address: dict[str, Any]
) -> None:
    EmailAddress.objects.filter(user=ada).update(**address)
    mention(ben, ada)
    drain()
    assert office.letters == [] and outcomes() == []
    assert "confirm" in channel.CHANNEL.trouble(ada, Settings(user=ada))


def test_what_was_read_or_undone_before_the_letter_left_is_not_sent(
    ada: User, ben: User, office: PostOffice
) -> None:
    office.mood = "later"
    read, gone, news = mention(ben, ada, "1"), mention(ben, ada, "2"), mention(ben, ada, "3")
    drain(allow_failures=True)  # one letter of all three
    rows = {row.post_id: row for row in Notification.objects.all()}
    assert outcomes() == [("owed", "")] * 3
    actions.mark_read(person=ada, ids=[rows[read.pk].pk])
    delete_post(post=gone, actor=ben)
    drain(allow_failures=True)
    office.mood = "well"
    try_again()
    assert len(office.letters) == 1 and f"/@ben/{news.pk}" in text_of(office.letters[0])
    became = {row.notification.post_id: row.outcome for row in ChannelDelivery.objects.filter(way="mail")}
    assert became == {read.pk: "read", gone.pk: "undone", news.pk: "letter"}


def test_who_has_an_open_page_may_look_there_first(ada: User, ben: User, office: PostOffice) -> None:
    realtime.mark_online([ada.pk])
    mention(ben, ada, "1")
    mention(ben, ada, "2")
    drain()
    assert office.letters == [] and outcomes() == [("owed", "waits")] * 2
    first, _second = Notification.objects.order_by("pk")
    actions.mark_read(person=ada, ids=[first.pk])
    assert sending.owe_waiting() == 0  # not yet
    ChannelDelivery.objects.filter(outcome="waits").update(at="2020-01-01T00:00Z")
    assert sending.owe_waiting() == 1
    assert sending.owe_waiting() == 0
    drain()
    assert office.subjects == ["Ben mentioned you"]
    assert outcomes() == [("cancelled", "read"), SENT]


def test_quiet_hours_hold_back_what_was_told_before_them(ada: User, ben: User, office: PostOffice) -> None:
    office.mood = "later"
    mention(ben, ada)
    drain(allow_failures=True)
    Settings.objects.create(user=ada, quiet_from="00:00", quiet_until="23:59:59")
    office.mood = "well"
    try_again()
    assert office.letters == [] and outcomes() == [("owed", "waits")]
    Settings.objects.update(loud_pass=True)
    ChannelDelivery.objects.update(at="2020-01-01T00:00Z")
    sending.owe_waiting()
    drain()
    assert len(office.letters) == 1


def test_letters_are_in_the_language_of_the_person(ada: User, ben: User, office: PostOffice) -> None:
    User.objects.filter(pk=ada.pk).update(language="ar")
    mention(ben, ada)
    drain()
    assert 'lang="ar" dir="rtl"' in text_of(office.letters[0], "html")


# --- the server ----------------------------------------------------------------------------------------------


def test_a_server_that_hangs_costs_nobody_else_anything_and_no_letter_is_lost(
    ada: User, ben: User, office: PostOffice
) -> None:
    office.mood = "silent"
    mention(ben, ada)
    drain(allow_failures=True)
    (delivery,) = Delivery.objects.filter(handler="notifications.send_letters")
    assert (delivery.state, delivery.attempts, delivery.last_error) == (Delivery.State.OPEN, 0, "NotYet")
    assert outcomes() == [("owed", "")] and ChannelDelivery.objects.get(way="mail").attempts == 0
    office.mood = "well"
    try_again()
    assert office.subjects == ["Ben mentioned you"] and outcomes() == [SENT]


def test_refused_connections_open_the_breaker_people_are_told_and_letters_go_out_afterwards(
    ada: User, ben: User, office: PostOffice, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail.breaker._breaker, "_reset_timeout", 0.2)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    for _ in range(4):
        mention(ben, ada)
        drain(allow_failures=True)
    assert mail.breaker.is_open
    assert "does not go out" in channel.CHANNEL.trouble(ada, Settings(user=ada))
    settings.EMAIL_PORT = port
    time.sleep(0.3)
    try_again()
    assert len(office.letters) == 4 and outcomes() == [SENT] * 4
    assert channel.CHANNEL.trouble(ada, Settings(user=ada)) == ""
    assert not Delivery.objects.filter(state=Delivery.State.DEAD).exists()


def test_after_five_attempts_it_is_a_dead_letter_the_inbox_stays_and_staff_may_try_again(
    ada: User, ben: User, office: PostOffice
) -> None:
    office.mood = "disliked"
    mention(ben, ada)
    for _ in range(5):
        try_again()
    (delivery,) = Delivery.objects.filter(handler="notifications.send_letters")
    assert delivery.state == Delivery.State.DEAD
    assert outcomes() == [("failed", "smtp_550")]
    assert Notification.objects.standing().unread().count() == 1
    assert not Settings.objects.exclude(mail_trouble="").exists()
    office.mood = "well"
    from socialnet.outbox.actions import retry_dead

    retry_dead([delivery.pk])
    drain()
    assert len(office.letters) == 1 and outcomes() == [SENT]


def test_of_two_that_make_the_same_delivery_one_sends(ada: User, ben: User, office: PostOffice) -> None:
    office.mood = "later"
    mention(ben, ada)
    drain(allow_failures=True)
    office.mood = "well"
    event = owed(ada)
    assert sending._claim(event.notification_ids) == event.notification_ids  # the other one, at work
    with pytest.raises(deliveries.NotYet):
        sending.send_news(event)
    assert office.letters == []
    ChannelDelivery.objects.update(at="2020-01-01T00:00Z")  # it died
    sending.send_news(event)
    sending.send_news(event)
    assert len(office.letters) == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_send_one_letter(ada: User, ben: User, office: PostOffice) -> None:
    office.mood = "later"
    mention(ben, ada)
    drain(allow_failures=True)
    office.mood = "well"
    event, together = owed(ada), threading.Barrier(4)

    def send() -> None:
        together.wait()
        try:
            sending.send_news(event)
        except deliveries.NotYet:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(office.letters) == 1 and outcomes() == [SENT]


@pytest.mark.django_db(transaction=True)
def test_only_some_threads_wait_for_the_server_at_once(office: PostOffice, settings: Any) -> None:
    office.mood, settings.EMAIL_TIMEOUT = "silent", 2
    together, said = threading.Barrier(6), list[str]()

    def send() -> None:
        together.wait()
        try:
            mail.hand_over(mail.EmailMessage("s", "b", "a@example.com", ["b@example.com"]))
        except (mail.MailAway, mail.MailBusy) as error:
            said.append(type(error).__name__)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count("MailBusy") == 2 and said.count("MailAway") == 4


def test_reaching_many_people_costs_one_query(ada: User, django_assert_num_queries: Any) -> None:
    many = [person().pk for _ in range(5)]
    with django_assert_num_queries(1):
        assert channel.CHANNEL.reached(many) == set(many)


def test_no_log_holds_an_address(ada: User, ben: User, office: PostOffice, capfd: Any) -> None:
    for mood in ("disliked", "later", "never", "well"):
        office.mood = mood
        mention(ben, ada)
        try_again()
    page_of(ada).get("/")
    said = capfd.readouterr()
    assert "example.com" not in said.out + said.err


def test_the_queues_of_letters_are_their_own() -> None:
    from socialnet.outbox.handlers import handlers

    queues = {handler.name: handler.queue for handler in handlers()}
    assert queues["notifications.send_letters"] == queues["accounts.send_password_reset"] == "mail"
    assert queues["notifications.send_digests"] == "mail_bulk"


def test_developers_read_letters_of_several_parts(ada: User, ben: User, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.DEBUG = "accounts.mail.ConsoleAndFolderBackend", True
    mention(ben, ada)
    drain()
    assert "Ben mentioned you" in page_of().get("/dev/mail").content.decode()
