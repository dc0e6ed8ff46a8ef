"""Filters in the inbox: what they hide does not come in, what they fold is folded, and neither is told anywhere."""

import pytest
from django.db.models.functions import Now

from accounts import actions as people
from accounts.models import User
from accounts.tests.factories import Api, page_of, person
from feeds.actions import add_filter, delete_filter, hide_from_oneself, publish_post
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions as doing
from notifications import telling
from notifications.models import ChannelDelivery, Notification
from notifications.preferences import of as wishes_of
from notifications.second_look import Look, look
from notifications.selectors import unread_count
from socialnet.kernel import realtime
from socialnet.kernel.invariants import broken
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db
INBOX = ["notifications"]


@pytest.fixture
def ada(db: None) -> User:
    ada = person("ada")
    realtime.mark_online([ada.pk])
    return ada


@pytest.fixture
def post(ada: User) -> Post:
    return publish(ada, "My own spoiler")


def say(who: User, post: Post, text: str) -> None:
    doing.comment_on_post(post_id=post.pk, author=who, content=text)
    drain()


def tell_now() -> None:
    Notification.objects.filter(told_at=None).update(due_at=Now())
    telling.tell_due()
    drain()


def inbox(viewer: User) -> list[dict[str, object]]:
    return list(Api(viewer)("GET", "notifications").json()["results"])


@pytest.mark.parametrize("kind", ["comment", "mention", "quote", "new_post"])
def test_what_is_hidden_does_not_come_in(ada: User, ben: User, post: Post, kind: str) -> None:
    add_filter(person=ada, phrase="spoiler", places=INBOX)
    if kind == "comment":
        say(ben, post, "A spoiler!")
    elif kind == "mention":
        publish(ben, "@ada a spoiler")
    elif kind == "quote":
        publish_post(author=ben, content="Here is the spoiler", quoted=post)
    else:
        people.follow_user(follower=ada, followee=ben)
        people.set_bell(follower=ada, followee=ben, notify=True)
        publish(ben, "New spoiler")
    drain()
    tell_now()
    assert inbox(ada) == [] and unread_count(ada.pk) == 0
    assert not ChannelDelivery.objects.exists()
    assert broken() == []


def test_other_news_and_ones_own_words_are_told(ada: User, ben: User, post: Post) -> None:
    add_filter(person=ada, phrase="spoiler", places=INBOX)
    say(ben, post, "Nice")
    doing.like_post(post_id=post.pk, person=ben)
    publish_post(author=ben, content="She says it all", quoted=post)
    drain()
    tell_now()
    assert {row["type"] for row in inbox(ada)} == {"comment", "like", "quote"}


def test_what_is_folded_comes_in_and_is_not_told(ada: User, ben: User, post: Post) -> None:
    add_filter(person=ada, phrase="Match", action="fold", places=INBOX)
    say(ben, post, "What a match")
    tell_now()
    [row] = inbox(ada)
    assert row["filtered"] == {"action": "fold", "phrases": ["Match"]}
    assert not ChannelDelivery.objects.exists()
    page = page_of(ada).get("/notifications").content.decode()
    assert "Filtered: <bdi>Match</bdi>" in page
    assert broken() == []


@pytest.mark.parametrize("action", ["hide", "fold"])
def test_a_filter_made_meanwhile_holds_before_it_is_told(
    ada: User, ben: User, post: Post, action: str
) -> None:
    say(ben, post, "A spoiler")
    Notification.objects.update(told_at=None, read_at=None, is_open=True)
    ChannelDelivery.objects.all().delete()
    row = Notification.objects.get()
    assert look([row], wishes_of([ada.pk]))[row.pk] is Look.WELCOME
    add_filter(person=ada, phrase="spoiler", action=action, places=INBOX)
    assert look([row], wishes_of([ada.pk]))[row.pk] is Look.UNWELCOME
    tell_now()
    assert not ChannelDelivery.objects.exists()


def test_what_was_there_already_is_left_out_and_not_unread(ada: User, ben: User, post: Post) -> None:
    say(ben, post, "A spoiler")
    say(ben, post, "Fine")
    tell_now()
    assert unread_count(ada.pk) == 2
    row = add_filter(person=ada, phrase="spoiler", places=INBOX)
    drain()
    assert [one["comment"]["excerpt"] for one in inbox(ada)] == ["Fine"]  # type: ignore[index]
    assert unread_count(ada.pk) == 1
    delete_filter(person=ada, filter_id=row.pk)
    drain()
    assert len(inbox(ada)) == 2 and unread_count(ada.pk) == 1
    assert broken() == []


def test_filters_of_other_places_leave_the_inbox_alone(ada: User, ben: User, post: Post) -> None:
    add_filter(person=ada, phrase="spoiler", places=["home", "threads"])
    say(ben, post, "A spoiler")
    tell_now()
    assert len(inbox(ada)) == 1 and ChannelDelivery.objects.filter(way="socket").exists()


def test_filters_of_one_are_not_those_of_another(ada: User, ben: User, cleo: User) -> None:
    add_filter(person=ada, phrase="spoiler", places=INBOX)
    publish(ben, "@ada and @cleo: a spoiler")
    drain()
    assert inbox(ada) == [] and [row["type"] for row in inbox(cleo)] == ["mention"]


@pytest.mark.parametrize("kind", ["reply", "new_post", "quote", "comment_like"])
def test_news_of_a_post_that_one_hid_do_not_come_in(ada: User, ben: User, post: Post, kind: str) -> None:
    of_ben = publish(ben, "Fog")
    answer = doing.comment_on_post(post_id=of_ben.pk, author=ada, content="Nice")
    drain()
    if kind == "reply":
        hide_from_oneself(post_id=of_ben.pk, person=ada)
        doing.comment_on_post(post_id=of_ben.pk, author=ben, content="Thanks", parent_id=answer.pk)
    elif kind == "comment_like":
        hide_from_oneself(post_id=of_ben.pk, person=ada)
        doing.like_comment(comment_id=answer.pk, person=ben)
    elif kind == "quote":
        quote = publish_post(author=ben, content="Look", quoted=post)
        hide_from_oneself(post_id=quote.pk, person=ada)
    else:
        people.follow_user(follower=ada, followee=ben)
        people.set_bell(follower=ada, followee=ben, notify=True)
        hide_from_oneself(post_id=publish(ben).pk, person=ada)
    drain()
    tell_now()
    assert kind not in {row["type"] for row in inbox(ada)}
    assert not ChannelDelivery.objects.filter(notification__kind=kind).exists()
    assert broken() == []


def test_who_is_named_or_wrote_it_hears_of_it_all_the_same(ada: User, ben: User, post: Post) -> None:
    of_ben = publish(ben, "Fog")
    drain()
    for one in (of_ben, post):
        hide_from_oneself(post_id=one.pk, person=ada)
    say(ben, of_ben, "What do you say, @ada?")
    say(ben, post, "Nice")
    doing.like_post(post_id=post.pk, person=ben)
    named = publish(ben, "@ada look")
    hide_from_oneself(post_id=named.pk, person=ada)
    drain()
    assert sorted(str(row["type"]) for row in inbox(ada)) == ["comment", "like", "mention", "mention"]


def test_a_post_hidden_meanwhile_is_not_told_outside(ada: User, ben: User) -> None:
    people.follow_user(follower=ada, followee=ben)
    people.set_bell(follower=ada, followee=ben, notify=True)
    post = publish(ben)
    drain()
    Notification.objects.update(told_at=None, read_at=None, is_open=True)
    ChannelDelivery.objects.all().delete()
    [row] = Notification.objects.filter(kind="new_post")
    assert look([row], wishes_of([ada.pk]))[row.pk] is Look.WELCOME
    hide_from_oneself(post_id=post.pk, person=ada)
    assert look([row], wishes_of([ada.pk]))[row.pk] is Look.UNWELCOME
    tell_now()
    assert not ChannelDelivery.objects.exists()
