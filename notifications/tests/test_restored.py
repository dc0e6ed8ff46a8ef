"""Who was suspended and is not any more stands in inboxes again, exactly where they stood."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import actions as people
from accounts.events import UserSuspended, UserUnsuspended
from accounts.models import User
from accounts.tests.factories import PASSWORD, Api, page_of
from accounts.tests.test_follow_races import at_once
from feeds.actions import delete_post, share_post
from feeds.models import Post
from feeds.tests.factories import publish
from interactions import actions as doing
from notifications import handlers, upkeep
from notifications.actions import mark_read, save_preference
from notifications.models import ChannelDelivery, Notification, NotificationActor
from notifications.selectors import inbox_page, unread_count
from socialnet.kernel.invariants import broken
from socialnet.outbox.ids import id_at
from socialnet.outbox.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(ada: User) -> Post:
    return publish(ada)


def inbox(viewer: User) -> list[str]:
    drain()
    return [item.text for item in inbox_page(viewer=viewer).items]


def rows(recipient: User) -> list[tuple[Any, ...]]:
    """All of an inbox that its person, or the telling, can see."""
    known = Notification.objects.of(recipient).standing().order_by("pk")
    return list(known.values_list("pk", "kind", "actor_count", "place", "read_at", "told_at", "due_at"))


def act(ben: User, cleo: User, ada: User, post: Post) -> None:
    people.follow_user(follower=ben, followee=ada)
    for who in (ben, cleo):
        doing.like_post(post_id=post.pk, person=who)
    doing.comment_on_post(post_id=post.pk, author=ben, content="Well said")
    publish(ben, "Look at this, @ada")
    share_post(post=post, person=ben)
    drain()


def suspend(who: User) -> None:
    people.suspend_user(user=who, actor=None)
    drain()


def restore(who: User) -> None:
    people.unsuspend_user(user=User.objects.get(pk=who.pk), actor=None)
    drain()


def test_all_is_as_it_was_and_nobody_is_told_again(ada: User, ben: User, cleo: User, post: Post) -> None:
    act(ben, cleo, ada, post)
    mark_read(person=ada, ids=[Notification.objects.get(kind="comment").pk])
    before, told = rows(ada), ChannelDelivery.objects.count()
    assert unread_count(ada.pk) == 4
    suspend(ben)
    assert inbox(ada) == ["Cleo likes your post"]
    restore(ben)
    assert rows(ada) == before and unread_count(ada.pk) == 4
    assert ChannelDelivery.objects.count() == told
    assert broken() == []
    assert "follows you" in page_of(ada).get("/notifications").content.decode()
    assert len(Api(ada)("GET", "notifications").json()["results"]) == 5


def test_twice_and_out_of_order_it_is_the_same(ada: User, ben: User, cleo: User, post: Post) -> None:
    act(ben, cleo, ada, post)
    before = rows(ada)
    suspend(ben)
    restore(ben)
    for _ in range(2):
        handlers.bring_back_actors([UserUnsuspended(user_id=ben.pk)])
        handlers.forget_actors([UserSuspended(user_id=ben.pk)])  # made late: he is suspended no more
    assert rows(ada) == before
    suspend(ben)
    handlers.bring_back_actors([UserUnsuspended(user_id=ben.pk)])  # and this one, while he is
    assert inbox(ada) == ["Cleo likes your post"]


def test_what_was_undone_meanwhile_stays_away(ada: User, ben: User, cleo: User, post: Post) -> None:
    act(ben, cleo, ada, post)
    mention = Post.objects.get(author=ben, content__contains="@ada")
    doing.unlike_post(post_id=post.pk, person=ben)
    suspend(ben)
    delete_post(post=mention, actor=ben)
    people.mute_user(muter=ada, muted=cleo)
    restore(ben)
    assert sorted(row[1] for row in rows(ada)) == ["comment", "follow", "like", "share"]
    assert Notification.objects.get(kind="like").actor_count == 1
    assert broken() == []


def test_what_they_did_just_before_comes_when_they_are_back(
    ada: User, ben: User, cleo: User, post: Post
) -> None:
    people.follow_user(follower=ben, followee=ada)
    doing.like_post(post_id=post.pk, person=cleo)
    doing.like_post(post_id=post.pk, person=ben)
    publish(ben, "Look at this, @ada")
    people.suspend_user(user=ben, actor=None)  # nobody heard of any of it yet
    assert inbox(ada) == ["Cleo likes your post"]
    assert broken() == []
    restore(ben)
    assert set(inbox(ada)) == {"Ben follows you", "Ben mentioned you", "Cleo and Ben like your post"}
    assert broken() == []


@pytest.mark.parametrize("why", ["block", "mute", "off", "leave"])
def test_who_is_not_welcome_any_more_stays_away(
    ada: User, ben: User, cleo: User, why: str, post: Post
) -> None:
    doing.like_post(post_id=post.pk, person=ben)
    drain()
    suspend(ben)
    if why == "block":
        people.block_user(blocker=ada, blocked=ben)
    elif why == "mute":
        people.mute_user(muter=ada, muted=ben)
    elif why == "off":
        save_preference(person=ada, kind="like", ways=[], from_whom="everyone", pace="off")
    drain()
    restore(ben)
    if why == "leave":
        people.delete_person(user=User.objects.get(pk=ben.pk), password=PASSWORD)
    assert inbox(ada) == [] and unread_count(ada.pk) == 0
    assert broken() == []


def test_who_did_it_twice_stands_once(ada: User, ben: User, post: Post) -> None:
    doing.like_post(post_id=post.pk, person=ben)
    drain()
    mark_read(person=ada)
    doing.unlike_post(post_id=post.pk, person=ben)
    drain()
    long_ago = timezone.now() - timedelta(days=3)
    Notification.objects.update(told_at=long_ago, closes_at=long_ago, read_at=long_ago, due_at=long_ago)
    doing.like_post(post_id=post.pk, person=ben)
    drain()
    assert NotificationActor.objects.filter(actor=ben).count() == 2
    before = rows(ada)
    suspend(ben)
    restore(ben)
    assert rows(ada) == before and len(before) == 1
    assert broken() == []


def test_what_waits_for_suspended_people_is_kept_for_three_months(ada: User, ben: User, post: Post) -> None:
    doing.like_post(post_id=post.pk, person=ben)
    drain()
    suspend(ben)
    Notification.objects.update(place=id_at(timezone.now() - timedelta(days=20)))
    assert upkeep.forget_vanished() == 0
    restore(ben)
    assert inbox(ada) == ["Ben likes your post"]
    suspend(ben)
    Notification.objects.update(place=id_at(timezone.now() - timedelta(days=91)))
    assert upkeep.forget_vanished() == 1


@pytest.mark.django_db(transaction=True)
def test_restored_and_suspended_and_liking_at_once(ada: User, ben: User, cleo: User, post: Post) -> None:
    act(ben, cleo, ada, post)
    before = [row[:3] for row in rows(ada)]
    suspend(ben)
    people.unsuspend_user(user=User.objects.get(pk=ben.pk), actor=None)
    at_once(
        lambda: handlers.bring_back_actors([UserUnsuspended(user_id=ben.pk)]),
        lambda: handlers.forget_actors([UserSuspended(user_id=ben.pk)]),
        lambda: handlers.bring_back_actors([UserUnsuspended(user_id=ben.pk)]),
        lambda: doing.like_post(post_id=post.pk, person=ben),
    )
    drain()
    assert [row[:3] for row in rows(ada)] == before
    assert broken() == []
