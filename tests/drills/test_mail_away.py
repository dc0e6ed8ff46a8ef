"""The mail server says nothing: posts and news of them arrive all the same, no letter is lost, and all go out when it
speaks again, each once."""

from collections.abc import Iterator

import pytest
from django.test import Client

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import person
from accounts.tests.smtp import MailServer
from feeds.tests.factories import publish
from notifications.models import ChannelDelivery
from notifications.selectors import unread_count
from socialnet.outbox.models import Delivery
from tests.drills.test_deliveries_survive import FOLLOWERS as EVERYBODY
from tests.drills.test_deliveries_survive import Drill, ada, drill, everything_holds, measured, stored_for
from tests.stack import wait_for

__all__ = ["ada", "drill"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.xdist_group("drills"),
    pytest.mark.timeout(240),
]
LETTERS = 12
PAGE = "/accounts/password/reset/"


@pytest.fixture
def server(drill: Drill) -> Iterator[MailServer]:
    made = MailServer()
    drill.faults = {"EMAIL_URL": f"smtp://127.0.0.1:{made.port}", "DRILL_MAIL_PAUSE": "5"}
    yield made
    made.stop()


def letters_are_late() -> bool:
    return "Letters are late." in Client().get(PAGE + "done/").content.decode()


def test_a_silent_mail_server_keeps_nobody_else_waiting_and_loses_no_letter(
    drill: Drill, ada: User, server: MailServer, record_property
) -> None:
    drill.start("relay")
    drill.start("quick")
    drill.start("outside")
    first = publish(ada)
    wait_for(lambda: stored_for(first) == EVERYBODY, seconds=40, what="the first post")
    server.mood = "silent"
    for _ in range(LETTERS):
        people.ask_password_reset(email=ada.email)
    wait_for(lambda: server.calls >= 2, seconds=20, what="threads with a letter in hand")
    post = publish(ada)
    seconds = wait_for(lambda: stored_for(post) == EVERYBODY, seconds=20, what="a post beside the letters")
    measured("a post beside a silent mail server", seconds, record_property)
    ben = person("ben")
    mention = publish(ada, "@ben, it says nothing")
    seconds = wait_for(lambda: unread_count(ben.pk) == 1, seconds=20, what="a mention in the inbox")
    measured("a mention beside a silent mail server", seconds, record_property)
    wait_for(letters_are_late, seconds=60, what="word of it on the page")
    after = publish(ada)
    seconds = wait_for(
        lambda: stored_for(after) == EVERYBODY, seconds=20, what="a post once the breaker is open"
    )
    measured("a post once the breaker is open", seconds, record_property)
    assert server.letters == []
    assert not ChannelDelivery.objects.filter(way="mail", state="sent").exists()

    server.mood = "well"
    seconds = wait_for(lambda: len(server.letters) >= LETTERS + 1, seconds=60, what="every letter")
    measured("mail server back to every letter sent", seconds, record_property)
    wait_for(lambda: not letters_are_late(), seconds=30, what="the word to go")
    wait_for(
        lambda: not Delivery.objects.exclude(state=Delivery.State.DONE).exists(), seconds=30, what="rest"
    )
    assert [str(letter["To"]) for letter in server.letters].count(ben.email) == 1
    assert ChannelDelivery.objects.get(way="mail").state == "sent"
    everything_holds(first, post, mention, after)
