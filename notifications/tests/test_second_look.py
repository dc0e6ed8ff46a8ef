"""What waited is asked again before it leaves the inbox; and of one act the best kind that is wanted is told."""

from typing import Any

import pytest
from django.db.models.functions import Now

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import person
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions as doing
from notifications import actions, telling
from notifications.models import ChannelDelivery, Notification, Settings
from notifications.preferences import of as wishes_of
from notifications.second_look import PEOPLE, Look, look
from notifications.tests.letters import PostOffice, mention, office, outcomes, try_again
from socialnet.kernel import realtime
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

__all__ = ["office"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    """She has a page open, so whatever is told reaches her."""
    ada = person("ada")
    realtime.mark_online([ada.pk])
    return ada


@pytest.fixture
def post(ada: User) -> Post:
    return publish(ada)


def waiting_like(who: User, post: Post) -> Notification:
    """Likes wait for others."""
    doing.like_post(post_id=post.pk, person=who)
    drain()
    return Notification.objects.get(kind="like")


def tell_now() -> None:
    Notification.objects.filter(told_at=None).update(due_at=Now())
    telling.tell_due()
    drain()


def told() -> list[str]:
    return list(ChannelDelivery.objects.filter(way="socket").values_list("notification__kind", flat=True))


def mute(ada: User, ben: User, post: Post) -> None:
    people.mute_user(muter=ada, muted=ben)


def mute_conversation(ada: User, ben: User, post: Post) -> None:
    doing.mute_conversation(post_id=post.pk, person=ada)


def hear_of_nobody_else(ada: User, ben: User, post: Post) -> None:
    actions.save_preference(person=ada, kind="like", ways=["socket"], from_whom="followed", pace="at_once")


@pytest.mark.parametrize("change", [mute, mute_conversation, hear_of_nobody_else])
def test_what_is_not_welcome_any_more_is_not_told_but_stays(
    ada: User, ben: User, post: Post, change: Any
) -> None:
    row = waiting_like(ben, post)
    change(ada, ben, post)
    tell_now()
    assert told() == []
    row.refresh_from_db()
    assert row.stands and row.told_at is not None  # it is not asked again and again
    assert broken() == []


def test_one_who_is_heard_is_enough(ada: User, ben: User, cleo: User, post: Post) -> None:
    waiting_like(ben, post)
    waiting_like(cleo, post)
    people.mute_user(muter=ada, muted=ben)
    tell_now()
    assert told() == ["like"]


def test_what_lost_its_cause_waits_to_be_taken_out(ada: User, ben: User, post: Post) -> None:
    row = waiting_like(ben, post)
    doing.unlike_post(post_id=post.pk, person=ben)  # nobody settled that yet
    Notification.objects.update(due_at=Now())
    telling.tell_due()
    row.refresh_from_db()
    assert told() == [] and row.told_at is None
    doing.like_post(post_id=post.pk, person=ben)
    drain()
    tell_now()
    assert told() == ["like"]


@pytest.mark.parametrize("change", [mute, mute_conversation])
def test_a_letter_that_waits_is_asked_again(cleo: User, ben: User, office: PostOffice, change: Any) -> None:
    mentioned = mention(ben, cleo)
    office.mood = "later"
    drain(allow_failures=True)
    change(cleo, ben, mentioned)
    office.mood = "well"
    try_again()
    assert office.letters == [] and outcomes() == [("cancelled", "unwanted")]


def test_it_costs_two_queries_for_one_and_for_many(
    ada: User, ben: User, post: Post, django_assert_num_queries: Any
) -> None:
    fans = [person() for _ in range(PEOPLE + 5)]
    for fan in fans:
        doing.like_post(post_id=post.pk, person=fan)
    drain()
    people.follow_user(follower=ben, followee=ada)
    drain()
    rows, wishes = list(Notification.objects.of(ada)), wishes_of([ada.pk])
    with django_assert_num_queries(2):
        assert set(look(rows, wishes).values()) == {Look.WELCOME}
    with django_assert_num_queries(0):
        assert look([], wishes) == {}


# --- One act, several kinds ------------------------------------------------------------------------------


def never(ada: User, *kinds: str) -> None:
    for kind in kinds:
        actions.save_preference(person=ada, kind=kind, ways=[], from_whom="everyone", pace="off")


def kinds_of(ada: User) -> list[str]:
    drain()
    return sorted(Notification.objects.of(ada).standing().values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("off", "heard"),
    [
        ([], ["mention"]),
        (["mention"], ["comment"]),
        (["comment"], ["mention"]),
        (["mention", "comment"], []),
    ],
)
def test_a_comment_that_names_the_author(
    ada: User, ben: User, post: Post, off: list[str], heard: list[str]
) -> None:
    never(ada, *off)
    doing.comment_on_post(post_id=post.pk, author=ben, content="What do you say, @ada?")
    assert kinds_of(ada) == heard
    assert broken() == []


def test_from_whom_decides_too(ada: User, ben: User, cleo: User, post: Post) -> None:
    people.follow_user(follower=ada, followee=cleo)
    actions.save_preference(person=ada, kind="mention", ways=["socket"], from_whom="followed", pace="at_once")
    for who in (ben, cleo):
        doing.comment_on_post(post_id=post.pk, author=who, content="What do you say, @ada?")
    assert kinds_of(ada) == ["comment", "mention"]


@pytest.mark.parametrize(
    ("off", "heard"),
    [
        ([], ["reply"]),
        (["reply"], ["mention"]),
        (["reply", "mention"], ["comment"]),
        (["mention", "comment"], ["reply"]),
        (["reply", "mention", "comment"], []),
    ],
)
def test_an_answer_that_names_the_author(
    ada: User, ben: User, post: Post, off: list[str], heard: list[str]
) -> None:
    never(ada, *off)
    own = doing.comment_on_post(post_id=post.pk, author=ada, content="I wonder")
    doing.comment_on_post(post_id=post.pk, author=ben, content="So do I, @ada", parent_id=own.pk)
    assert kinds_of(ada) == heard
    assert broken() == []


def test_who_left_only_the_inbox_on_hears_by_it(ada: User, ben: User, post: Post) -> None:
    Settings.objects.create(user=ada, is_on=False)
    doing.comment_on_post(post_id=post.pk, author=ben, content="@ada?")
    assert kinds_of(ada) == ["mention"] and told() == []
