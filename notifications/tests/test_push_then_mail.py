"""What cannot be pushed comes by letter: both ways real, and each notification by letter once."""

import pytest

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import page_of
from notifications.models import ChannelDelivery
from notifications.selectors import unread_count
from notifications.tests.letters import PostOffice, mention, office, text_of, try_again
from notifications.tests.push_service import Browser, PushService, authority, hurried, service, vapid
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

__all__ = ["authority", "hurried", "office", "service", "vapid"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(ada: User, vapid: None) -> Browser:
    made = Browser()
    made.subscribed_by(ada)
    return made


def ways() -> dict[str, tuple[str, str]]:
    return {row.way: (row.state, row.outcome) for row in ChannelDelivery.objects.exclude(way="socket")}


def test_a_push_service_that_stays_away_is_made_up_for_by_a_letter(
    ada: User, ben: User, browser: Browser, service: PushService, office: PostOffice
) -> None:
    service.answer(browser, 503)
    people.follow_user(follower=ben, followee=ada)
    drain(allow_failures=True)
    assert office.subjects == []
    try_again()
    try_again()
    assert office.subjects == ["Ben follows you"]
    assert "/@ben" in text_of(office.letters[0])
    assert ways() == {"push": ("failed", "status_503"), "mail": ("sent", "letter")}
    try_again()
    assert len(office.letters) == 1
    assert broken() == []


def test_who_gets_a_letter_anyway_gets_no_second(
    ada: User, ben: User, browser: Browser, service: PushService, office: PostOffice
) -> None:
    service.answer(browser, 410)
    mention(ben, ada)
    drain(allow_failures=True)
    assert office.subjects == ["Ben mentioned you"]


def test_where_both_fail_the_inbox_remains_and_says_so(
    ada: User, ben: User, browser: Browser, service: PushService, office: PostOffice
) -> None:
    service.answer(browser, 410)
    office.mood = "never"
    people.follow_user(follower=ben, followee=ada)
    drain(allow_failures=True)
    assert {way: state for way, (state, _outcome) in ways().items()} == {"push": "failed", "mail": "failed"}
    assert unread_count(ada.pk) == 1
    page = page_of(ada).get("/settings/notifications").content.decode()
    assert page.count('class="trouble"') == 1  # of letters: the browser is gone
