"""Letters about the safety of an account: one of each, to whom it matters, whoever reads the inbox meanwhile."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts import actions as people
from accounts.actions.addresses import old_side_key
from accounts.devices import Device
from accounts.models import EmailChange, User
from accounts.tests.factories import PASSWORD, Api, page_of
from notifications import handlers, settling, telling
from notifications.actions import mark_read, retry_failed
from notifications.causes import of_security
from notifications.channels.mail import sending
from notifications.events import MailOwed
from notifications.models import ChannelDelivery, Notification
from notifications.tests.letters import PostOffice, mention, office, outcomes, text_of, try_again
from socialnet.kernel.invariants import broken
from socialnet.outbox.models import Event
from socialnet.outbox.testing import drain

__all__ = ["office"]
pytestmark = pytest.mark.django_db


def change_address(person: User, to: str = "new@example.com") -> None:
    people.ask_email_change(user=person, email=to, password=PASSWORD)
    people.confirm_address(address=EmailAddress.objects.get(user=person, email=to))
    if change := EmailChange.objects.filter(user=person).first():  # the old address has a say
        people.agree_to_change(key=old_side_key(change))


def sign_in(person: User) -> None:
    for agent, trait in (("Firefox, Linux", "1"), ("Safari, iPhone", "2")):
        people.note_sign_in(user=person, by="session", device=Device(agent, trait))


def test_a_changed_address_is_told_to_both(ada: User, office: PostOffice) -> None:
    change_address(ada)
    drain()
    told = {str(letter["To"]): letter for letter in office.letters if "address" in str(letter["Subject"])}
    assert set(told) == {"ada@example.com", "new@example.com"}
    former = told["ada@example.com"]
    assert former["Subject"] == "Your account has another e-mail address now"
    assert "@ada" in text_of(former) and "new@example.com" not in text_of(former)
    assert told["new@example.com"]["Subject"] == "Your e-mail address was changed."


def test_the_former_address_hears_of_it_once_the_server_is_back(ada: User, office: PostOffice) -> None:
    change_address(ada)
    office.mood = "later"
    drain(allow_failures=True)
    assert office.letters == []
    office.mood = "well"
    try_again()
    assert [str(letter["To"]) for letter in office.letters].count("ada@example.com") == 1


def test_an_address_that_nobody_confirmed_is_a_strangers(ada: User, office: PostOffice) -> None:
    EmailAddress.objects.filter(user=ada).update(verified=False)
    change_address(ada)
    drain()
    assert {str(letter["To"]) for letter in office.letters} == {"new@example.com"}


def test_an_event_of_before_says_nothing_of_the_former_address(ada: User, office: PostOffice) -> None:
    change_address(ada)
    Event.objects.filter(name="accounts.email_changed").update(payload={"user_id": ada.pk})
    drain()
    assert "ada@example.com" not in {str(letter["To"]) for letter in office.letters}


def test_a_new_password_is_one_letter_with_a_way_back(ada: User, office: PostOffice) -> None:
    people.change_password(user=ada, old=PASSWORD, new="another horse entirely 7")
    drain()
    (letter,) = office.letters
    assert letter["Subject"] == "Your password was changed."
    for kind in ("plain", "html"):
        assert f"http://127.0.0.1:8000{reverse('account_reset_password')}" in text_of(letter, kind)


def test_other_letters_offer_no_new_password(ada: User, ben: User, office: PostOffice) -> None:
    mention(ben, ada)
    drain()
    assert "password" not in text_of(office.letters[0]) + text_of(office.letters[0], "html")


@pytest.mark.parametrize("door", ["page", "api", "one"])
def test_who_reads_all_does_not_stop_the_letter(ada: User, office: PostOffice, door: str) -> None:
    sign_in(ada)
    office.mood = "later"
    drain(allow_failures=True)
    row = Notification.objects.get()
    if door == "one":
        mark_read(person=ada, ids=[row.pk])
    elif door == "api":
        assert Api(ada)("POST", "notifications/read", {"all": True}).status_code == 200
    else:
        assert page_of(ada).post("/notifications/read", {"all": "1"}).status_code == 302
    row.refresh_from_db()
    assert row.is_read and row.is_seen is False
    assert outcomes()[0][0] == "owed" and broken() == []
    office.mood = "well"
    try_again()
    assert office.subjects == ["New sign-in to your account: Safari, iPhone."]
    assert outcomes() == [("sent", "letter")]


def test_what_is_urgent_is_read_only_once_it_was_told(ada: User, office: PostOffice) -> None:
    sign_in(ada)
    event = Event.objects.filter(name="accounts.signed_in").latest("pk")
    settling.settle(of_security([_signed_in(event)]))
    row = Notification.objects.get()
    assert mark_read(person=ada) == 0
    telling.tell([ada.pk])
    drain()
    assert len(office.letters) == 1
    assert mark_read(person=ada) == 1
    row.refresh_from_db()
    assert row.is_read


def _signed_in(event: Event) -> Any:
    from accounts.events import SignedIn

    return SignedIn(id=event.pk, **event.payload)


def test_other_news_that_was_read_is_not_mailed(ada: User, ben: User, office: PostOffice) -> None:
    mention(ben, ada)
    office.mood = "later"
    drain(allow_failures=True)
    mark_read(person=ada)
    office.mood = "well"
    try_again()
    assert office.letters == [] and outcomes() == [("cancelled", "read")]


def test_staff_tries_a_letter_again_that_was_read_in_the_inbox(ada: User, office: PostOffice) -> None:
    sign_in(ada)
    office.mood = "later"
    drain(allow_failures=True)
    mark_read(person=ada)
    ChannelDelivery.objects.filter(way="mail").update(state="failed")
    office.mood = "well"
    assert retry_failed([Notification.objects.get().pk]) == 1
    drain(allow_failures=True)
    assert len(office.letters) == 1


def test_told_twice_it_is_sent_once(ada: User, office: PostOffice) -> None:
    sign_in(ada)
    drain()
    mark_read(person=ada)
    event = Event.objects.filter(name=MailOwed.name).get()
    sending.send_news(MailOwed(id=event.pk, **event.payload))
    handlers.note_security([_signed_in(Event.objects.filter(name="accounts.signed_in").latest("pk"))])
    drain()
    assert len(office.letters) == 1
