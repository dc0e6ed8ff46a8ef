"""Articles that were drawn lately are kept, and what is shown is never older than what they are drawn from."""

import pytest

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import page_of
from feeds.actions import publish_post
from feeds.templatetags import feeds as articles
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_drawn_yet() -> None:
    articles._drawn.clear()


def home_of(viewer: User) -> str:
    return page_of(viewer).get("/").content.decode()


def test_a_second_reader_costs_no_second_drawing(ada: User, ben: User, cleo: User) -> None:
    for follower in (ben, cleo):
        people.follow_user(follower=follower, followee=ada)
    publish_post(author=ada, content="Look at this")
    drain()
    assert "Look at this" in home_of(ben)
    assert len(articles._drawn) == 1
    assert "Look at this" in home_of(cleo)
    assert len(articles._drawn) == 1


def test_only_the_author_is_offered_to_delete(ada: User, ben: User) -> None:
    people.follow_user(follower=ben, followee=ada)
    post = publish_post(author=ada, content="Mine")
    drain()
    offer = f"/@ada/{post.pk}/delete"
    assert offer in home_of(ada)
    assert offer not in home_of(ben)
    assert offer in home_of(ada)


def test_a_new_name_is_seen_at_once(ada: User, ben: User) -> None:
    people.follow_user(follower=ben, followee=ada)
    publish_post(author=ada, content="Who wrote this?")
    drain()
    assert "Ada of Lisbon" not in home_of(ben)
    people.edit_profile(user=ada, display_name="Ada of Lisbon")
    assert "Ada of Lisbon" in home_of(ben)


def test_what_is_kept_has_an_end(ada: User) -> None:
    assert articles._drawn.maxsize == articles.KEPT
